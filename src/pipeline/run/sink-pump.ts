// The last stage: hands batches to the sink, one at a time.
import type { ErrorPolicy, Sink } from '../contract.ts';
import type { Flow } from './flow.ts';
import { StageMeter } from './stage-meter.ts';
import type { StageQueue } from './stage-queue.ts';

/** Runs the sink. */
export class SinkPump {
  readonly meter: StageMeter;
  readonly input: StageQueue;
  readonly #sink: Sink;
  readonly #onError: ErrorPolicy;
  readonly #flow: Flow;
  #isBusy = false;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(
    name: string,
    { sink, onError }: { sink: Sink; onError: ErrorPolicy },
    input: StageQueue,
    flow: Flow,
  ) {
    this.meter = new StageMeter(name, 'sink');
    this.input = input;
    this.#sink = sink;
    this.#onError = onError;
    this.#flow = flow;
    input.onItem = () => void this.#pump();
  }

  get memoryBytes(): number {
    return this.#sink.memoryUsage();
  }

  /** Resolves when the sink is not busy. */
  async settled(): Promise<void> {
    await this.#pending.catch(() => undefined);
  }

  async #pump(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const flow = this.#flow;
    while (!flow.isOver && this.input.length > 0) {
      this.meter.note(1, 'starved');
      flow.begin();
      const item = this.input.take();
      if (flow.isTurnDue) await flow.takeTurn();
      if (flow.isOver) return;
      const startedMs = performance.now();
      try {
        const { numRows } = item.batch;
        this.#pending = this.#sink.consume(item.batch);
        await this.#pending;
        if (flow.isOver) return;
        this.meter.countBatch(numRows, performance.now() - startedMs);
      } catch (error) {
        if (flow.isOver) return;
        await flow.handleError(error, item, this.#onError, this.meter);
        if (flow.isOver) return;
      }
      flow.retire(item);
      flow.end();
    }
    this.#isBusy = false;
    this.meter.note(0, 'starved');
  }
}
