// The queue of cells: one at a time, aborted after an error up to a marker. Pure: knows no sockets.

/** One waiting cell. */
export interface QueuedCell<T> {
  readonly request: T;
  readonly stopOnError: boolean;
}

/** What the queue does with cells. */
export interface QueueActions<T> {
  /** Runs a cell; resolves to whether it succeeded. */
  run(request: T): Promise<boolean>;
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
      const succeeded = await this.#actions.run(cell.request);
      if (succeeded || !cell.stopOnError) continue;
      // "Run all" has sent the cells after this one already: those, and only those, must not run.
      await this.#actions.settle();
      this.abortWaiting();
    }
    this.#running = null;
  }
}
