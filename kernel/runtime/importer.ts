// `import` of cells: resolved from the working directory, ESM and CommonJS alike, local TypeScript with
// everything TypeScript has, and changed local files anew. Packages the notebook's folder does not have
// come from the kernel's own, so that a notebook works in any folder.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, flushCompileCache, registerHooks } from 'node:module';
import type { ResolveFnOutput, ResolveHookContext } from 'node:module';
import { dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';
import { transformSync } from 'oxc-transform';
import { FILE_MAP_URL } from '../protocol/map-urls.ts';
import { forgetCommonJs, isCellUrl } from './common-js.ts';
import { completeNamespace } from './common-namespace.ts';
import { readCompilerSettings } from './compiler-settings.ts';
import { decoratorOptions } from './decorators.ts';
import { chooseJsx, jsxOptions, readJsxPragma } from './jsx.ts';
import { findLocalFile } from './local-files.ts';
import { addSourceMap } from './stack-frames.ts';
import { LocalModules } from './local-modules.ts';
import { compileModule } from './standard-decorators.ts';
import {
  Map,
  RegExp,
  String,
  SyntaxError,
  URL,
  decodeURIComponent,
  encodeURIComponent,
  withOriginals,
} from './primordials.ts';

/** Imports as if from a file in the working directory. */
export type Importer = (specifier: string, options?: ImportCallOptions) => Promise<unknown>;

/** Marks what a cell imports: it is resolved from the working directory, not from this file. */
const FROM_CELL = 'ruvector-cell:';
const TYPESCRIPT = /\.(?:[mc]?tsx?|jsx)$/;

const PRODUCT = 'ruvector-memopt';
/** The published names of the product, with the sources of each. */
const productDoors = new Map([
  [PRODUCT, 'index.ts'],
  [`${PRODUCT}/dag`, 'dag/index.ts'],
  [`${PRODUCT}/dag/browser`, 'dag/browser.ts'],
  [`${PRODUCT}/events`, 'events/index.ts'],
  [`${PRODUCT}/pictures`, 'pictures/index.ts'],
  [`${PRODUCT}/shared-memory`, 'shared-memory/index.ts'],
  [`${PRODUCT}/steer`, 'steer/index.ts'],
]);
const isFromSources = TYPESCRIPT.test(import.meta.filename);
/** The product's own modules: never edited under a running kernel, and Node's to load. */
const productFolder = new URL(isFromSources ? '../../src/' : '../../', import.meta.url).href;
/** Like bin/ruvector-memopt.mjs, a kernel that runs from its sources takes the product's: no build is stale. */
function findProductSource(specifier: string): string | null {
  const door = isFromSources ? productDoors.get(specifier) : undefined;
  return door === undefined ? null : new URL(door, productFolder).href;
}

type Next = (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput;

/** Loads the product at once, as a cell would import it: the same instance. Call after {@link createImporter}. */
export function requireProduct(): unknown {
  const product = createRequire(import.meta.url)(`${FROM_CELL}${PRODUCT}`) as unknown;
  // Node keeps what it compiled when a process ends by itself; kernels are often killed.
  setImmediate(flushCompileCache);
  return product;
}

/** Loads another door of the product at once, for the kernel itself. */
export function requireDoor(name: string): unknown {
  const specifier = `${PRODUCT}/${name}`;
  const source = findProductSource(specifier);
  return createRequire(import.meta.url)(source === null ? specifier : fileURLToPath(source)) as unknown;
}

/** What cells import with. */
export interface CellImports {
  readonly importModule: Importer;
  /** As import.meta.resolve. */
  readonly resolveModule: (specifier: string) => string;
  /** Called with a file that is required: it runs again if it was edited. */
  readonly refresh: (path: string) => void;
}

/** Installs the hooks once and returns what cells import with. */
export function createImporter(): CellImports {
  const modules = new LocalModules(forgetCommonJs);
  registerHooks({
    resolve: (specifier, context, next) =>
      withOriginals(() => {
        if (!specifier.startsWith(FROM_CELL)) {
          const isRequire = isCellUrl(context.parentURL);
          if (!isRequire && !modules.has(context.parentURL)) return next(specifier, context);
          const found = resolveFrom(specifier, context, next);
          if (found.url.startsWith(productFolder)) return found;
          const url = modules.address(found.url, isRequire ? undefined : context.parentURL);
          // CommonJS knows its modules by their files: those that changed are forgotten.
          if (context.conditions.includes('require')) return found;
          return { ...found, ...jsonAttributes(found.url), url };
        }
        const parentURL = pathToFileURL(resolve('cell.ts')).href;
        const wanted = decodeURIComponent(specifier.slice(FROM_CELL.length));
        const resolved = resolveFrom(wanted, { ...context, parentURL }, next);
        if (resolved.url.startsWith(productFolder)) return resolved;
        return { ...resolved, ...jsonAttributes(resolved.url), url: modules.address(resolved.url) };
      }),
    load: (url, context, next) =>
      withOriginals(() => {
        if (!url.startsWith('file:') || url.includes('/node_modules/')) return next(url, context);
        if (url.startsWith(productFolder)) return next(url, context);
        const path = fileURLToPath(url.replace(/\?.*$/, ''));
        if (!TYPESCRIPT.test(path)) return next(url, context);
        return { ...readTypeScript(path, url), shortCircuit: true };
      }),
  });
  return {
    importModule: async (specifier, options) => {
      const address = `${FROM_CELL}${encodeURIComponent(specifier)}`;
      const namespace = (await import(address, options)) as object;
      return withOriginals(() => completeNamespace(namespace));
    },
    resolveModule: (specifier) => {
      if (/^(?:\.{0,2}\/|file:)/.test(specifier)) {
        const parent = pathToFileURL(resolve('cell.ts')).href;
        const { href } = new URL(specifier, parent);
        return existsSync(fileURLToPath(href)) ? href : (findLocalFile(specifier, parent) ?? href);
      }
      return import.meta.resolve(`${FROM_CELL}${encodeURIComponent(specifier)}`);
    },
    refresh: (path) => void modules.address(pathToFileURL(path).href),
  };
}

/** Resolves from where `context` says, local files as TypeScript does, packages that are not there from the kernel. */
function resolveFrom(specifier: string, context: ResolveHookContext, next: Next): ResolveFnOutput {
  const source = findProductSource(specifier);
  if (source !== null) return { url: source, format: 'module-typescript', shortCircuit: true };
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const local = findLocalFile(specifier, context.parentURL);
    const isRequire = context.conditions.includes('require');
    if (local !== null) return next(isRequire ? fileURLToPath(local) : local, context);
    if (!isBare(specifier)) throw error;
    try {
      if (isRequire) return next(createRequire(import.meta.url).resolve(specifier), context);
      return next(specifier, { ...context, parentURL: import.meta.url });
    } catch {
      // Nobody has it: the notebook's folder is the place to install it in.
      throw error;
    }
  }
}

const isBare = (specifier: string): boolean => !/^(?:\.{0,2}\/|[a-z][a-z\d+.-]*:)/i.test(specifier);

const isNotFound = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT'].includes(
    String((error as NodeJS.ErrnoException).code),
  );

/** JSON imports as in TypeScript, without `with { type: 'json' }`. */
function jsonAttributes(url: string): { importAttributes?: ImportAttributes } {
  return url.endsWith('.json') ? { importAttributes: { type: 'json' } } : {};
}

function readTypeScript(path: string, url: string): { format: string; source: string } {
  const text = readFileSync(path, 'utf8');
  const settings = readCompilerSettings(dirname(path));
  const jsx = readJsxPragma(text) ?? settings.jsx;
  const { code, errors, map } = transformSync(path, text, {
    sourceType: 'module',
    sourcemap: true,
    ...decoratorOptions(settings),
    ...jsxOptions(jsx ?? chooseJsx((name) => imports(text, name))),
  });
  if (errors.length > 0)
    throw new SyntaxError(`${path}: ${errors[0]!.message}\n${errors[0]!.codeframe ?? ''}`);
  const compiled = compileModule(code, map) ?? { code, map };
  const isCommon = isCommonJs(path, text);
  if (compiled.map) addSourceMap(url, isCommon ? behindOneLine(compiled.map) : compiled.map);
  return {
    format: isCommon ? 'commonjs' : 'module',
    // For a debugger, which has to see it before it runs: V8 holds no CommonJS, so that holds itself.
    source: `${isCommon ? holdLine(compiled.code) : ''}${compiled.code}\n//# sourceMappingURL=${FILE_MAP_URL}`,
  };
}

/** The map of the same code behind one more line. */
const behindOneLine = (map: object): object => ({
  version: 3,
  sections: [{ offset: { line: 1, column: 0 }, map }],
});

/** A first line at which a debugger that is attached stands; a directive stays one. */
const holdLine = (code: string): string =>
  /^\s*(['"])use strict\1/.test(code) ? "'use strict';debugger;\n" : 'debugger;\n';

/** Whether a file that is imported has a name from an import of its own. */
const imports = (text: string, name: string): boolean =>
  new RegExp(String.raw`\bimport\b[^'"]*\b${name}\b[^'"]*from\b`).test(text);

/** As Node decides, but for the manifest: `.cts`, and what uses the names of CommonJS and no syntax of ES modules. */
function isCommonJs(path: string, text: string): boolean {
  if (/\.[mc]ts$/.test(path)) return path.endsWith('.cts');
  if (!/\brequire\s*\(|\bmodule\.exports\b|\bexports\s*[.=[]|\b__(?:dir|file)name\b|\bexport\s*=/.test(text))
    return false;
  return !parseSync(path, text, { sourceType: 'unambiguous' }).module.hasModuleSyntax;
}
