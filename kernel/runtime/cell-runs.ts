// Which run of user code (a cell, a handler of a comm) the running code belongs to, and what becomes of the code
// of a run that was interrupted: awaits that it was in fail when they settle, what it awaits afterwards (clean-up
// in `finally`) gets a moment, and then it stands still for good. Awaits of cells compile to calls of what is
// here; the order in which promises settle is that of plain `await`.
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { InterruptError } from './interrupt-error.ts';
import { Math, Promise, performance } from './primordials.ts';

/** How long code of an interrupted run may go on, to clean up. */
const CLEANUP_MS = 1000;

/** One run of user code. */
export interface Run {
  isRunning: boolean;
  /** Number of the interrupt that met it; 0 when none has. */
  interrupted: number;
  /** When its code stands still. */
  endMs: number;
}

/** Keeps the runs. */
export class CellRuns {
  readonly #current = new AsyncLocalStorage<Run>();
  readonly #now = performance.now.bind(performance);
  #interrupts = 0;

  /** The run of the running code; undefined where code lost it. */
  get current(): Run | undefined {
    return this.#current.getStore();
  }

  /** Runs code as a run of its own. */
  async start<T>(work: () => Promise<T>): Promise<T> {
    const run: Run = { isRunning: true, interrupted: 0, endMs: Infinity };
    try {
      return await this.#current.run(run, work);
    } finally {
      run.isRunning = false;
    }
  }

  /** Code that was made in another run and belongs to this one. */
  carry(): <T>(work: () => T) => T {
    const run = this.current;
    return (work) => this.#current.run(run as Run, work);
  }

  /** Notes an interrupt of these runs. */
  interrupt(runs: Iterable<Run>): void {
    const count = ++this.#interrupts;
    for (const run of runs) {
      run.interrupted = count;
      run.endMs = Math.min(run.endMs, this.#now() + CLEANUP_MS);
    }
  }

  /** Whether the running code was interrupted and its moment is over. */
  readonly isOver = (): boolean => {
    if (this.#interrupts === 0) return false;
    const run = this.current;
    return run !== undefined && run.interrupted > 0 && this.#now() > run.endMs;
  };

  /**
   * Begins a turn of a loop that awaits.
   * @throws InterruptError when its run was interrupted
   */
  readonly turn = (): void => {
    if (this.#interrupts > 0 && (this.current?.interrupted ?? 0) > 0) throw new InterruptError();
  };

  /** Whether what the running run had started by then was stopped. */
  readonly isStopped = (mark: number): boolean =>
    this.#interrupts > 0 && ((this.current?.interrupted ?? 0) > mark || this.isOver());

  /** Taken before an await: how many interrupts there were. */
  readonly mark = (): number => this.#interrupts;

  /**
   * Gives on what an await gave.
   * @throws InterruptError when its run was interrupted meanwhile
   */
  readonly resume = <T>(mark: number, value: T): T => {
    if (mark !== this.#interrupts && (this.current?.interrupted ?? 0) > mark) throw new InterruptError();
    return value;
  };
}

/** What code awaits that stands still for good. */
export const never = (): Promise<never> => new Promise<never>(() => {});

/** Whether awaiting a value means waiting for a promise of this engine's. */
export const isPromise = (value: unknown): value is Promise<unknown> => types.isPromise(value);
