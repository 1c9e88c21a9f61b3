// Magics of cells: `%%name` takes the whole cell, `%name` a line of it, `!command` a line for the shell.
// Each is an entry of a table; what a line says is magic-syntax.ts. See docs/kernel-magics.md.
import type { Evaluator } from './evaluator.ts';
import { UsageError } from './foreign-error.ts';
import { parseCellMagic } from './magic-syntax.ts';
import type { Output } from './output.ts';
import type { NotebookPython } from './python-cell.ts';

/** What a cell evaluates to. */
export interface CellValue {
  readonly value: unknown;
  readonly hasResult: boolean;
}

/** The running cell. */
export interface MagicCell {
  readonly code: string;
  readonly executionCount: number;
  readonly silent: boolean;
}

/** Runs TypeScript as part of the running cell. */
export type EvaluateCell = (code: string) => Promise<CellValue>;

/** A magic that takes the rest of its cell. */
export type CellMagicRunner = (
  args: string,
  body: string,
  cell: MagicCell,
  evaluate: EvaluateCell,
) => Promise<CellValue>;

/** What magics work on. */
export interface MagicHost {
  readonly evaluator: Evaluator;
  readonly output: Output;
}

const nothing: CellValue = { value: undefined, hasResult: false };
const SLOT = 'ruvector.kernel.crossing';

/** The magics of a notebook. */
export class Magics {
  readonly #host: MagicHost;
  readonly #cellMagics = new Map<string, CellMagicRunner>();
  #python: Promise<NotebookPython> | null = null;

  constructor(host: MagicHost) {
    this.#host = host;
    this.#cellMagics.set('python', async (args, body, cell) => {
      const { parsePythonArgs } = await import('./python-args.ts');
      const options = parsePythonArgs(args);
      await (await this.python()).run(body, options, cell);
      return nothing;
    });
  }

  /** Runs a cell: its magic when it has one, else its TypeScript. */
  async run(cell: MagicCell, evaluate: EvaluateCell): Promise<CellValue> {
    const magic = parseCellMagic(cell.code);
    if (!magic) return evaluate(cell.code);
    const runner = this.#cellMagics.get(magic.name);
    if (!runner) throw unknownMagic(`%%${magic.name}`, [...this.#cellMagics.keys()], '%%');
    return runner(magic.args, magic.body, cell, evaluate);
  }

  /** The notebook's Python; its process starts with the first cell of it. */
  python(): Promise<NotebookPython> {
    return (this.#python ??= import('./python-cell.ts').then(
      ({ NotebookPython: Python }) => new Python(buildPythonHost(this.#host)),
    ));
  }
}

function unknownMagic(written: string, names: readonly string[], prefix: string): UsageError {
  const known = names.toSorted().map((name) => prefix + name);
  return new UsageError(`Cannot run "${written}": there is no such magic; there are ${known.join(', ')}`);
}

function buildPythonHost({ evaluator, output }: MagicHost): ConstructorParameters<typeof NotebookPython>[0] {
  const slots = globalThis as unknown as Record<symbol, unknown>;
  return {
    output,
    load: loadPackage,
    until: evaluator.until,
    readName: (name) => evaluator.evaluate(name, 'magic.ts'),
    writeName: async (name, value) => {
      slots[Symbol.for(SLOT)] = value;
      await evaluator.evaluate(`let ${name} = globalThis[Symbol.for('${SLOT}')]; undefined`, 'magic.ts');
      slots[Symbol.for(SLOT)] = undefined;
    },
  };
}

/** A notebook's own copy of a package first: its cells compare by class. */
async function loadPackage(name: string): Promise<unknown> {
  const { $import } = globalThis as unknown as { $import?: (name: string) => Promise<unknown> };
  try {
    if ($import) return await $import(name);
  } catch {
    // Not installed for the notebook: the kernel's own.
  }
  return import(name);
}
