// What CommonJS modules have and cells have too: `require`, from the working directory of the moment, and `module`,
// `exports`, `__dirname`, `__filename`, which only code of cells sees: libraries look for them to tell where they run.
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { Object, process } from './primordials.ts';

/** File that cells require from, in any folder. */
const CELL = 'cell.cjs';

/** Whether an address is that of a cell that requires. */
export const isCellUrl = (url: string | undefined): boolean => url?.endsWith(`/${CELL}`) ?? false;

/**
 * The globals.
 * @param refresh called with the path of what is required, before it is
 */
export function createCommonJs(refresh: (path: string) => void): {
  readonly require: NodeJS.Require;
  readonly $common: object;
} {
  let folder = '';
  let current: NodeJS.Require;
  const here = (): NodeJS.Require => {
    if (folder !== process.cwd()) {
      folder = process.cwd();
      current = createRequire(join(folder, CELL));
    }
    return current;
  };
  const require = ((id: string): unknown => {
    const found = attemptResolve(here(), id);
    if (found !== null && isAbsolute(found)) refresh(found);
    return here()(id);
  }) as NodeJS.Require;
  for (const name of ['resolve', 'cache', 'main', 'extensions'] as const) {
    Object.defineProperty(require, name, { enumerable: true, get: () => here()[name] });
  }
  const module = {
    exports: {} as unknown,
    id: '.',
    loaded: false,
    parent: null,
    children: [],
    require,
    get filename() {
      return join(process.cwd(), 'cell.ts');
    },
    get path() {
      return process.cwd();
    },
    get paths() {
      return here().resolve.paths('x') ?? [];
    },
  };
  const $common = {
    module,
    get exports() {
      return module.exports;
    },
    set exports(value: unknown) {
      module.exports = value;
    },
    get __filename() {
      return module.filename;
    },
    get __dirname() {
      return dirname(module.filename);
    },
  };
  return { require, $common };
}

/** Null: what is required says itself why it cannot be found. */
function attemptResolve(require: NodeJS.Require, id: string): string | null {
  try {
    return require.resolve(id);
  } catch {
    return null;
  }
}

/** Forgets a CommonJS module: the next `require` or `import` runs its file again. */
export function forgetCommonJs(path: string): void {
  delete createRequire(import.meta.url).cache[path];
}
