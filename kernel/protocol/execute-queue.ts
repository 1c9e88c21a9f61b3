// The queue of cells: one at a time, aborted after an error up to a marker. Pure: knows no sockets.

/** One waiting cell. */
export interface QueuedCell<T> {
  readonly request: T;
  readonly stopOnError: boolean;
}

/** A cell that ran. */
export interface CellOutcome {
  readonly succeeded: boolean;
  /** Says what the client still has to hear. */
  answer(): void;
}

/** What the queue does with cells. */
export interface QueueActions<T> {
  /** Runs a cell. */
  run(request: T): Promise<CellOutcome>;
  abort(request: T): void;
  /** Resolves when everything that had arrived by now was queued. */
  settle(): Promise<void>;
}

/** Runs cells in the order they were queued. */
export class ExecuteQueue<T> {
  readonly #actions: QueueActions<T>;
  readonly #waiting: QueuedCell<T>[] = [];
  #running: Promise<void> | null = null;

  constructor(actions: QueueActions<T>) {
    this.#actions = actions;
  }

  push(cell: QueuedCell<T>): void {
    this.#waiting.push(cell);
    this.#running ??= this.#run();
  }

  /** Aborts everything that waits now. */
  abortWaiting(): void {
    for (const cell of this.#waiting.splice(0)) this.#actions.abort(cell.request);
  }

  /** Resolves when nothing runs or waits. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    for (let cell = this.#waiting.shift(); cell; cell = this.#waiting.shift()) {
      const outcome = await this.#actions.run(cell.request);
      const fails = !outcome.succeeded && cell.stopOnError;
      // "Run all" has sent the cells after this one already: those must not run. What a client sends
      // after it read the answer must.
      if (fails) await this.#actions.settle();
      const doomed = fails ? this.#waiting.splice(0) : [];
      outcome.answer();
      for (const { request } of doomed) this.#actions.abort(request);
    }
    this.#running = null;
  }
}
