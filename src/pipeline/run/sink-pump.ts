// The last stage: hands batches to the sink, one at a time.
import type { ErrorPolicy, Sink } from '../contract.ts';
import type { Flow } from './flow.ts';
import type { Item } from './item.ts';
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

  constructor(name: string, { sink, onError }: { sink: Sink; onError: ErrorPolicy }, input: StageQueue, flow: Flow) {
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
    flow.begin();
    while (!flow.isOver && this.input.length > 0) {
      this.meter.note(1, 'starved');
      const item = this.input.take();
      if (flow.isTurnDue) await flow.takeTurn();
      if (!flow.isOver) await this.#consume(item);
      if (!flow.isOver) flow.retire(item);
    }
    this.#isBusy = false;
    this.meter.note(0, 'starved');
    flow.end();
  }

  async #consume(item: Item): Promise<void> {
    const startedMs = performance.now();
    try {
      const { numRows } = item.batch;
      this.#pending = this.#sink.consume(item.batch);
      await this.#pending;
      this.meter.countBatch(numRows, performance.now() - startedMs);
    } catch (error) {
      if (!this.#flow.isOver) await this.#flow.handleError(error, item, this.#onError, this.meter);
    }
  }
}
