// `%%python -i a,b -o c`: runs a cell in the notebook's Python and carries the named values across.
import { AsyncLocalStorage } from 'node:async_hooks';
import { InterruptError } from './evaluator.ts';
import type { Output } from './output.ts';
import type { ErrorContent } from './traceback.ts';
import { PythonError, startPython } from './python-process.ts';
import type { Arrived, PythonAnswer, PythonProcess, Sent } from './python-process.ts';
import { decodeValue, encodeValue } from './python-values.ts';
import type { Description, LoadPackage } from './python-values.ts';

/** What a Python cell takes from the notebook and gives back. */
export interface PythonCellOptions {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a Python cell needs of the kernel. */
export interface PythonHost {
  readonly output: Output;
  readonly load: LoadPackage;
  /** Value of a name of the notebook. */
  readName(name: string): Promise<unknown>;
  /** Declares a name of the notebook. */
  writeName(name: string, value: unknown): Promise<void>;
  /** Rejects with InterruptError when the cell is interrupted. */
  until<T>(value: Promise<T>): Promise<T>;
}

/** One line of what crossed. */
interface Crossing {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  readonly bytes: number;
  readonly ms: number;
}

/** The Python of a notebook. */
export class NotebookPython {
  readonly #host: PythonHost;
  #process: PythonProcess | null = null;
  /** Calls the newest cell's context: output of Python's threads belongs there. */
  #inCell: <T>(run: () => T) => T = (run) => run();
  #isBusy = false;
  #count = 0;

  constructor(host: PythonHost) {
    this.#host = host;
  }

  /**
   * Runs a cell.
   * @throws PythonError, CrossingError, PythonNotFoundError
   */
  async run(
    code: string,
    { inputs, outputs }: PythonCellOptions,
    cell: { executionCount: number; silent: boolean },
  ): Promise<void> {
    if (this.#isBusy)
      throw new Error('Cannot run Python: another cell of it still runs; await that one first');
    this.#isBusy = true;
    this.#inCell = AsyncLocalStorage.snapshot();
    try {
      const python = await this.#start();
      const { descriptions, crossings } = await this.#send(inputs, python);
      const request = { id: ++this.#count, code, silent: cell.silent, inputs: descriptions, outputs };
      const answer = await this.#wait(
        python,
        python.run(request, (part) => this.#show(part, cell.executionCount)),
      );
      if (answer.type === 'error') throw buildError(answer.content);
      if (answer.type !== 'done') return;
      this.#report(
        '→ Python',
        crossings.map((one, i) => withArrival(one, answer.received[i]!)),
      );
      this.#report('← Python', await this.#receive(answer.outputs, python));
    } finally {
      this.#isBusy = false;
    }
  }

  /** Ends Python and forgets its variables. */
  stop(): void {
    this.#process?.kill();
    this.#process = null;
  }

  async #start(): Promise<PythonProcess> {
    if (!this.#process?.isAlive) {
      this.#process = await startPython((name, text) =>
        this.#inCell(() => this.#host.output.write(name, text)),
      );
    }
    return this.#process;
  }

  /** Passes interrupts on; a second one ends a Python that does not hear the first. */
  async #wait(python: PythonProcess, running: Promise<PythonAnswer>): Promise<PythonAnswer> {
    for (let interrupts = 0; ;) {
      try {
        return await this.#host.until(running);
      } catch (error) {
        if (!(error instanceof InterruptError)) throw error;
        if (interrupts++ === 0) python.interrupt();
        else python.kill();
      }
    }
  }

  async #send(
    names: readonly string[],
    python: PythonProcess,
  ): Promise<{ descriptions: Record<string, Description>; crossings: Crossing[] }> {
    const descriptions: Record<string, Description> = {};
    const crossings: Crossing[] = [];
    for (const name of names) {
      const value = await this.#host.readName(name);
      const startMs = performance.now();
      const description = await encodeValue(name, value, python.transfer, this.#host.load);
      descriptions[name] = description;
      crossings.push(buildCrossing(name, typeNameOf(value), description, performance.now() - startMs));
    }
    return { descriptions, crossings };
  }

  async #receive(sent: readonly Sent[], python: PythonProcess): Promise<Crossing[]> {
    const crossings: Crossing[] = [];
    for (const one of sent) {
      const startMs = performance.now();
      const value = await decodeValue(one, python.transfer, this.#host.load);
      const ms = one.ms + performance.now() - startMs;
      crossings.push(buildCrossing(one.name, `${one.from} → ${typeNameOf(value)}`, one, ms));
      await this.#host.writeName(one.name, value);
    }
    return crossings;
  }

  #show(answer: PythonAnswer, executionCount: number): void {
    if (answer.type !== 'result' && answer.type !== 'display') return;
    const { data, metadata } = answer;
    this.#inCell(() =>
      answer.type === 'result'
        ? this.#host.output.publish('execute_result', { data, metadata, execution_count: executionCount })
        : this.#host.output.publish('display_data', { data, metadata, transient: {} }),
    );
  }

  #report(direction: string, crossings: readonly Crossing[]): void {
    if (crossings.length === 0) return;
    const lines = crossings.map(
      ({ name, type, size, bytes, ms }) =>
        `${direction}: ${name} (${type})${size}, ${formatBytes(bytes)}, ${ms.toFixed(1)} ms`,
    );
    const html = lines.map(escapeHtml).join('<br>');
    this.#host.output.publish('display_data', {
      data: {
        'text/plain': lines.join('\n'),
        'text/html': `<small style="opacity:.6">${html}</small>`,
      },
      metadata: {},
      transient: {},
    });
  }
}

const buildError = ({ ename, evalue, traceback }: ErrorContent): PythonError =>
  new PythonError(ename, evalue, traceback);

function buildCrossing(name: string, type: string, description: Description, ms: number): Crossing {
  const size = sizeOf(description);
  const bytes =
    'bytes' in description ? description.bytes : Buffer.byteLength(JSON.stringify(description.value));
  return { name, type, size, bytes, ms };
}

function sizeOf(description: Description): string {
  if ('rows' in description) return ` ${description.rows} rows`;
  return 'shape' in description ? ` ${description.shape.join('×')}` : '';
}

const withArrival = (crossing: Crossing, { type, ms }: Arrived): Crossing => ({
  ...crossing,
  type: `${crossing.type} → ${type}`,
  ms: crossing.ms + ms,
});

function typeNameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  const tag = (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  return tag === 'DataFrame' ? tag : (value.constructor?.name ?? 'Object');
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
