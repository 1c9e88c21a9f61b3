// What static imports of cells call: imports a module and declares its names for this and later cells. A name that
// the module does not have is an error that says so, as in Node; one that only the default export has (what
// CommonJS exports in ways that Node cannot foresee) is taken from there.
import { isBuiltin } from 'node:module';
import { types } from 'node:util';
import type { ImportUse, WantedName } from './cell-imports.ts';
import type { Evaluator } from './evaluator.ts';
import { isCommonJs } from './common-namespace.ts';
import type { Importer } from './importer.ts';
import { Object, OwnSet, SyntaxError, TypeError } from './primordials.ts';

/** Imports a module into the scope of cells. */
export type Linker = (
  specifier: string,
  wanted: readonly WantedName[],
  options?: ImportCallOptions,
) => Promise<void>;

type Namespace = Readonly<Record<string, unknown>>;

interface Binding {
  readonly local: string;
  readonly read: () => unknown;
}

/** Creates the linker. */
export function createLinker(importModule: Importer, evaluator: Evaluator): Linker {
  const accessors = new OwnSet<string>();
  /** A name of V8's own scope stays one, and what libraries find under a global name must stay as it is. */
  const canBeAccessor = (place: string, lexical: ReadonlySet<string>): boolean =>
    !lexical.has(place) && (accessors.has(place) || !(place in globalThis));
  return async (specifier, wanted, options) => {
    const namespace = (await importModule(specifier, options)) as Namespace;
    const bindings: Binding[] = [];
    // By their numbers: cells may have broken how arrays are iterated and filled.
    for (let at = 0; at < wanted.length; at++) {
      const { 0: imported, 1: local, 2: use } = wanted[at]!;
      const read = readerOf(namespace, imported);
      if (read !== null) bindings[bindings.length] = { local, read };
      else if (await mustExist(specifier, imported, use)) throw missing(specifier, imported);
    }
    const isLive = isEcmaScript(namespace) && !isBuiltin(specifier);
    const lexical = bindings.length > 0 ? await evaluator.lexicalNames() : new OwnSet<string>();
    const fixed: Record<string, unknown> = {};
    for (let at = 0; at < bindings.length; at++) {
      const { local, read } = bindings[at]!;
      const place = evaluator.scopeName(local);
      if (isLive && canBeAccessor(place, lexical)) {
        accessors.add(place);
        Object.defineProperty(globalThis, place, {
          configurable: true,
          enumerable: true,
          get: read,
          set: () => {
            refuse(local);
          },
        });
      } else fixed[local] = read();
    }
    await evaluator.declare(fixed);
  };
}

/** What compiled cells assign to instead of a constant: reading it works, assigning fails. */
export function buildConstant(name: string, read: () => unknown): { value: unknown } {
  return {
    get value() {
      return read();
    },
    set value(_) {
      refuse(name);
    },
  };
}

function refuse(name: string): never {
  throw new TypeError(`Assignment to constant variable "${name}".`);
}

/** Reads a name of a module anew each time: its value may change. Null when it has none. */
function readerOf(namespace: Namespace, name: string): (() => unknown) | null {
  if (name === '*') return () => namespace;
  if (name in namespace) return () => namespace[name];
  const { default: inner } = namespace;
  const isHolder = (typeof inner === 'object' && inner !== null) || typeof inner === 'function';
  return isHolder && name in inner ? () => (inner as Namespace)[name] : null;
}

async function mustExist(specifier: string, name: string, use: ImportUse): Promise<boolean> {
  if (use === 'value' || name === 'default') return true;
  if (use === 'type') return false;
  const { declaresType } = await import('./type-exports.ts');
  return !(await declaresType(specifier, name));
}

const isEcmaScript = (namespace: object): boolean =>
  types.isModuleNamespaceObject(namespace) && !isCommonJs(namespace);

/** As Node says it. */
const missing = (specifier: string, name: string): SyntaxError =>
  new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'`);
