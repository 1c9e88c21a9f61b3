// Magics of cells: `%%name` takes the whole cell, `%name` a line of it, `!command` a line for the shell.
// This finds and calls them; what a line says is magic-syntax.ts, what they do magic-commands.ts.
import type { Evaluator } from '../evaluator.ts';
import { UsageError } from '../foreign-error.ts';
import { lineCommands } from './magic-commands.ts';
import type { CellValue, MagicHost } from './magic-commands.ts';
import { listNearMagics } from './magic-list.ts';
import type { cellMagics } from './magic-list.ts';
import { parseCellMagic, replaceLineMagics } from './magic-syntax.ts';
import { timeMany, timeOnce } from './magic-timing.ts';
import type { Output } from '../output.ts';
import { currentInput } from '../input.ts';
import { Object, withOriginals } from '../primordials.ts';
import { sharedArray } from '../python/shared-array.ts';
import type { NotebookPython } from '../python/python-cell.ts';

/** The running cell. */
export interface MagicCell {
  readonly code: string;
  readonly executionCount: number;
  readonly silent: boolean;
}

/** Runs TypeScript as part of the running cell. */
export type EvaluateCell = (code: string) => Promise<CellValue>;

type CellMagicRunner = (
  args: string,
  body: string,
  cell: MagicCell,
  evaluate: EvaluateCell,
) => Promise<CellValue>;

const nothing: CellValue = { value: undefined, hasResult: false };

/** The magics of a notebook. */
export class Magics {
  readonly #host: MagicHost;
  readonly #cellMagics: Record<keyof typeof cellMagics, CellMagicRunner>;
  #python: Promise<NotebookPython> | null = null;

  /** @param names what cells declared so far @param evaluate runs TypeScript outside of a cell's own text */
  constructor(host: { evaluator: Evaluator; output: Output; names: Set<string>; evaluate: EvaluateCell }) {
    this.#host = { ...host, stopPython: async () => (await this.#python)?.stop() };
    const { output } = host;
    this.#cellMagics = {
      python: async (args, body, cell) => {
        const { parsePythonArgs } = await import('../python/python-args.ts');
        const options = parsePythonArgs(args);
        await (await this.#openPython()).run(body, options, cell);
        return nothing;
      },
      time: async (args, body, _cell, evaluate) => {
        const { result, text } = await timeOnce(() => evaluate(this.#replaceLines(args + body)));
        output.write('stdout', text);
        return result;
      },
      timeit: async (args, body) => {
        output.write('stdout', await timeMany(args + body, host.evaluate));
        return nothing;
      },
    };
    Object.defineProperty(globalThis, '$magic', {
      value: (name: string, args: string) => this.#runLine(name, args),
      configurable: true,
    });
    Object.defineProperty(globalThis, 'sharedArray', {
      value: sharedArray,
      configurable: true,
      writable: true,
    });
    Object.defineProperty(globalThis, 'python', {
      value: async (code: string, options: { inputs?: Readonly<Record<string, unknown>> } = {}) =>
        (await this.#openPython()).evaluate(code, options.inputs),
      configurable: true,
      writable: true,
    });
  }

  /** Runs a cell: its magic when it has one, else its TypeScript with the magics of its lines. */
  async run(cell: MagicCell, evaluate: EvaluateCell): Promise<CellValue> {
    const magic = withOriginals(() => parseCellMagic(cell.code));
    if (!magic) return await evaluate(this.#replaceLines(cell.code));
    if (!Object.hasOwn(this.#cellMagics, magic.name)) throw unknownMagic(`%%${magic.name}`);
    return await this.#cellMagics[magic.name as keyof typeof cellMagics](
      magic.args,
      magic.body,
      cell,
      evaluate,
    );
  }

  #replaceLines(code: string): string {
    return withOriginals(() =>
      replaceLineMagics(code, (word) => this.#host.names.has(word) || word in globalThis),
    );
  }

  async #runLine(name: string, args: string): Promise<unknown> {
    if (!Object.hasOwn(lineCommands, name)) throw unknownMagic(`%${name}`);
    return await lineCommands[name as keyof typeof lineCommands](args, this.#host);
  }

  #openPython(): Promise<NotebookPython> {
    return (this.#python ??= import('../python/python-cell.ts').then(
      ({ NotebookPython: Python }) => new Python(buildPythonHost(this.#host)),
    ));
  }
}

function unknownMagic(written: string): UsageError {
  const { near, all } = listNearMagics(written);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${all.join(', ')};`;
  return new UsageError(`Cannot run "${written}": there is no such magic; ${hint} %help lists them`);
}

function buildPythonHost({
  evaluator,
  output,
  names,
}: MagicHost): ConstructorParameters<typeof NotebookPython>[0] {
  return {
    output,
    load: loadPackage,
    until: evaluator.until,
    ask: (prompt, password) => currentInput()!.ask(prompt, password),
    readName: async (name) => (await evaluator.evaluate(name, 'magic.ts')).value,
    writeName: async (name, value) => {
      await evaluator.declare({ [name]: value });
      names.add(name);
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
