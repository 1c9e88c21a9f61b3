// `import` of cells: resolved from the working directory, ESM and CommonJS alike, local TypeScript with
// everything TypeScript has, and changed local files anew. Packages the notebook's folder does not have
// come from the kernel's own, so that a notebook works in any folder.
import { readFileSync } from 'node:fs';
import { createRequire, flushCompileCache, registerHooks } from 'node:module';
import type { ResolveFnOutput, ResolveHookContext } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'oxc-transform';
import { decoratorOptions } from './decorators.ts';
import { LocalModules } from './local-modules.ts';

/** Imports as if from a file in the working directory. */
export type Importer = (specifier: string, options?: ImportCallOptions) => Promise<unknown>;

/** Marks what a cell imports: it is resolved from the working directory, not from this file. */
const FROM_CELL = 'ruvector-cell:';
const TYPESCRIPT = /\.[mc]?tsx?$/;

const PRODUCT = 'ruvector-memopt';
/** The published names of the product, with the sources of each. */
const productDoors = new Map([
  [PRODUCT, 'index.ts'],
  [`${PRODUCT}/dag`, 'dag/index.ts'],
  [`${PRODUCT}/dag/browser`, 'dag/browser.ts'],
  [`${PRODUCT}/events`, 'events/index.ts'],
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

/** Installs the hooks once and returns the importer. */
export function createImporter(): Importer {
  const modules = new LocalModules();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!specifier.startsWith(FROM_CELL)) {
        const isOfCell = modules.has(context.parentURL);
        const found = isOfCell ? resolvePackage(specifier, context, next) : next(specifier, context);
        const isPlain = context.conditions.includes('require') || found.url.startsWith(productFolder);
        if (isPlain || !isOfCell) return found;
        return { ...found, url: modules.address(found.url, context.parentURL) };
      }
      const parentURL = pathToFileURL(resolve('cell.ts')).href;
      const wanted = decodeURIComponent(specifier.slice(FROM_CELL.length));
      const resolved = resolvePackage(wanted, { ...context, parentURL }, next);
      if (resolved.url.startsWith(productFolder)) return resolved;
      return { ...resolved, ...jsonAttributes(resolved.url), url: modules.address(resolved.url) };
    },
    load: (url, context, next) => {
      if (!url.startsWith('file:') || url.includes('/node_modules/')) return next(url, context);
      if (url.startsWith(productFolder)) return next(url, context);
      const path = fileURLToPath(url.replace(/\?.*$/, ''));
      if (!TYPESCRIPT.test(path)) return next(url, context);
      return { format: 'module', source: removeTypes(path), shortCircuit: true };
    },
  });
  return (specifier, options) => import(`${FROM_CELL}${encodeURIComponent(specifier)}`, options);
}

/** Resolves from where `context` says, and packages that are not there from the kernel. */
function resolvePackage(specifier: string, context: ResolveHookContext, next: Next): ResolveFnOutput {
  const source = findProductSource(specifier);
  if (source !== null) return { url: source, format: 'module-typescript', shortCircuit: true };
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isBare(specifier) || !isNotFound(error)) throw error;
    try {
      return next(specifier, { ...context, parentURL: import.meta.url });
    } catch {
      // Nobody has it: the notebook's folder is the place to install it in.
      throw error;
    }
  }
}

const isBare = (specifier: string): boolean => !/^(?:\.{0,2}\/|[a-z][a-z\d+.-]*:)/i.test(specifier);

const isNotFound = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as NodeJS.ErrnoException).code));

/** JSON imports as in TypeScript, without `with { type: 'json' }`. */
function jsonAttributes(url: string): { importAttributes?: ImportAttributes } {
  return url.endsWith('.json') ? { importAttributes: { type: 'json' } } : {};
}

function removeTypes(path: string): string {
  const { code, errors, map } = transformSync(path, readFileSync(path, 'utf8'), {
    sourceType: 'module',
    sourcemap: true,
    ...decoratorOptions,
  });
  if (errors.length > 0)
    throw new SyntaxError(`${path}: ${errors[0]!.message}\n${errors[0]!.codeframe ?? ''}`);
  const base64 = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${base64}`;
}
