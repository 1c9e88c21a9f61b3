// `%%python -i a,b -o c`: runs a cell in the notebook's Python and carries the named values across.
import { AsyncLocalStorage } from 'node:async_hooks';
import { InterruptError } from '../interrupt-error.ts';
import type { Output } from '../output.ts';
import type { ErrorContent } from '../traceback.ts';
import { PythonError, startPython } from './python-process.ts';
import type { PythonAnswer, PythonProcess, Sent } from './python-process.ts';
import { buildCrossing, renderCrossings, typeNameOf, withArrival } from './python-report.ts';
import type { Crossing } from './python-report.ts';
import { takeValue, storeValue } from './python-values.ts';
import type { Description, LoadPackage } from './python-values.ts';
import { Object, Promise, performance } from '../primordials.ts';

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
  /**
   * Asks the user for a line. Blocks.
   * @throws InputError, InterruptError
   */
  ask(prompt: string, password: boolean): string;
  /** Rejects with InterruptError when the cell is interrupted. */
  until<T>(value: Promise<T>): Promise<T>;
}

type Done = PythonAnswer & { type: 'done' };
type Failed = PythonAnswer & { type: 'error' };
type PythonQuestion = PythonAnswer & { type: 'input' };

/** A value of Python that has come. */
interface Received {
  readonly name: string;
  readonly value: unknown;
  readonly crossing: Crossing;
}

/** The Python of a notebook. */
export class NotebookPython {
  readonly #host: PythonHost;
  #process: PythonProcess | null = null;
  /** Calls the newest cell's context: output of Python's threads belongs there. */
  #inCell: <T>(run: () => T) => T = (run) => run();
  /** Cells of Python run one after another. */
  #last: Promise<unknown> = Promise.resolve();
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
    const values: Record<string, unknown> = {};
    for (const name of inputs) values[name] = await this.#host.readName(name);
    await this.#inTurn(async () => {
      const { arrived, answer, python } = await this.#ask(code, values, outputs, cell);
      this.#report('→ Python', arrived);
      const received = await this.#receive(answer.outputs, python);
      for (const { name, value } of received) await this.#host.writeName(name, value);
      this.#report(
        '← Python',
        received.map(({ crossing }) => crossing),
      );
    });
  }

  /**
   * Runs code with some values as its names.
   * @returns the value of its last expression; undefined when it ends in none
   * @throws PythonError, CrossingError, PythonNotFoundError
   */
  evaluate(code: string, inputs: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.#inTurn(async () => {
      const { answer, python } = await this.#ask(code, inputs, ['_'], { executionCount: 0, silent: true });
      const [received] = await this.#receive(answer.outputs, python);
      return received!.value ?? undefined;
    });
  }

  /** Ends Python and forgets its variables. */
  stop(): void {
    this.#process?.kill();
    this.#process = null;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Sends values and code; resolves once Python has run it. */
  async #ask(
    code: string,
    values: Readonly<Record<string, unknown>>,
    outputs: readonly string[],
    cell: { executionCount: number; silent: boolean },
  ): Promise<{ arrived: Crossing[]; answer: Done; python: PythonProcess }> {
    this.#inCell = AsyncLocalStorage.snapshot();
    const python = await this.#start();
    const { descriptions, crossings } = await this.#send(values, python);
    const request = { id: ++this.#count, code, silent: cell.silent, inputs: descriptions, outputs };
    const running = python.run(request, (part) => this.#show(part, cell.executionCount, python));
    const answer = await this.#wait(python, running);
    if (answer.type !== 'done') throw buildError((answer as Failed).content);
    const arrived = crossings.map((one, i) => withArrival(one, answer.received[i]!));
    return { arrived, answer, python };
  }

  async #start(): Promise<PythonProcess> {
    if (this.#process?.isAlive) return this.#process;
    const end = await this.#process?.ended;
    if (end && !end.isTold) this.#host.output.write('stderr', `${end.error.content.evalue}.\n`);
    return (this.#process = await startPython((name, text) =>
      this.#inCell(() => this.#host.output.write(name, text)),
    ));
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
    values: Readonly<Record<string, unknown>>,
    python: PythonProcess,
  ): Promise<{ descriptions: Record<string, Description>; crossings: Crossing[] }> {
    const descriptions: Record<string, Description> = {};
    const crossings: Crossing[] = [];
    for (const [name, value] of Object.entries(values)) {
      const startMs = performance.now();
      const description = await storeValue(name, value, python.transfer, this.#host.load);
      descriptions[name] = description;
      crossings.push(buildCrossing(name, typeNameOf(value), description, performance.now() - startMs));
    }
    return { descriptions, crossings };
  }

  async #receive(sent: readonly Sent[], python: PythonProcess): Promise<Received[]> {
    const received: Received[] = [];
    for (const one of sent) {
      const startMs = performance.now();
      const value = await this.#host.until(takeValue(one, python.transfer, this.#host.load));
      const ms = one.ms + performance.now() - startMs;
      const crossing = buildCrossing(one.name, `${one.from} → ${typeNameOf(value)}`, one, ms);
      received.push({ name: one.name, value, crossing });
    }
    return received;
  }

  #show(answer: PythonAnswer, executionCount: number, python: PythonProcess): void {
    if (answer.type === 'input') this.#inCell(() => this.#answerInput(answer, python));
    if (answer.type !== 'result' && answer.type !== 'display') return;
    const { data, metadata } = answer;
    this.#inCell(() =>
      answer.type === 'result'
        ? this.#host.output.publish('execute_result', { data, metadata, execution_count: executionCount })
        : this.#host.output.publish('display_data', { data, metadata, transient: {} }),
    );
  }

  #answerInput({ prompt, password }: PythonQuestion, python: PythonProcess): void {
    try {
      python.reply({ text: this.#host.ask(prompt, password) });
    } catch (error) {
      if (error instanceof InterruptError) python.interrupt();
      else python.reply({ error: (error as Error).message });
    }
  }

  #report(direction: string, crossings: readonly Crossing[]): void {
    if (crossings.length === 0) return;
    this.#host.output.publish('display_data', {
      data: renderCrossings(direction, crossings),
      metadata: {},
      transient: {},
    });
  }
}

const buildError = ({ ename, evalue, traceback }: ErrorContent): PythonError =>
  new PythonError(ename, evalue, traceback);
