// `import` of cells: resolved from the working directory, ESM and CommonJS alike, local TypeScript with
// everything TypeScript has, and changed local files anew.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
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

/** Installs the hooks once and returns the importer. */
export function createImporter(): Importer {
  const modules = new LocalModules();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!specifier.startsWith(FROM_CELL)) {
        const found = next(specifier, context);
        if (context.conditions.includes('require') || !modules.has(context.parentURL)) return found;
        return { ...found, url: modules.address(found.url, context.parentURL) };
      }
      const parentURL = pathToFileURL(resolve('cell.ts')).href;
      const wanted = decodeURIComponent(specifier.slice(FROM_CELL.length));
      const resolved = next(wanted, { ...context, parentURL });
      return { ...resolved, ...jsonAttributes(resolved.url), url: modules.address(resolved.url) };
    },
    load: (url, context, next) => {
      if (!url.startsWith('file:') || url.includes('/node_modules/')) return next(url, context);
      const path = fileURLToPath(url.replace(/\?.*$/, ''));
      if (!TYPESCRIPT.test(path)) return next(url, context);
      return { format: 'module', source: removeTypes(path), shortCircuit: true };
    },
  });
  return (specifier, options) => import(`${FROM_CELL}${encodeURIComponent(specifier)}`, options);
}

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
