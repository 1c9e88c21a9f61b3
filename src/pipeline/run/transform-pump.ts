// A transform stage: takes batches while there are workers, rows and room, and hands results on, in order unless order
// is not wanted. It holds at most as many results as it has workers and the next queue has places.
import type { Batch, ErrorPolicy, Transform } from '../contract.ts';
import { bytesOf, compareMemory, memoryOf } from './batch-bytes.ts';
import { callTransform } from './call-transform.ts';
import type { Callee } from './call-transform.ts';
import type { Flow } from './flow.ts';
import type { Item } from './item.ts';
import type { Need } from './memory-keeper.ts';
import { StageMeter } from './stage-meter.ts';
import type { StageQueue } from './stage-queue.ts';

/** A transform stage with everything decided. */
export interface ResolvedTransform extends Callee {
  readonly onError: ErrorPolicy;
  readonly workers: () => number;
}

/** Where a stage stands. */
export interface Place {
  readonly flow: Flow;
  /** Its number among the transforms. */
  readonly index: number;
  readonly input: StageQueue;
  readonly output: StageQueue;
  readonly isOrdered: boolean;
}

/** Runs one transform stage. */
export class TransformPump {
  readonly stage: ResolvedTransform;
  readonly meter: StageMeter;
  readonly input: StageQueue;
  readonly #place: Place;
  #calls = 0;
  /** Calls that wait for memory. */
  #waiting = 0;
  #taken = 0;
  #handedOn = 0;
  /** Results that wait for those before them, or for room; null where a batch came to nothing. */
  readonly #results = new Map<number, Item | null>();
  readonly #pending = new Set<Promise<unknown>>();
  #isPumping = false;

  constructor(stage: ResolvedTransform, place: Place) {
    this.stage = stage;
    this.meter = new StageMeter(stage.name, 'transform');
    this.input = place.input;
    this.#place = place;
    place.input.onItem = () => this.#pump();
    place.output.onRoom = () => {
      this.#handOn();
      this.#pump();
    };
  }

  /** Bytes that the transform holds between batches. */
  get memoryBytes(): number {
    const { transform } = this.stage;
    return typeof transform === 'function' ? 0 : transform.memoryUsage();
  }

  /** Resolves when no call is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  /** Looks at once how many workers there may be, for figures. */
  noteState(): void {
    const isStarved = this.input.length === 0 && this.#waiting === 0;
    this.meter.note(this.#calls - this.#waiting, isStarved ? 'starved' : 'blocked', this.stage.workers());
  }

  /** The rows that the transform still held, as one batch more. */
  async flush(makeItem: (batch: Batch) => Promise<Item>): Promise<void> {
    const transform = this.stage.transform as Transform;
    if (typeof this.stage.transform === 'function' || !transform.flush) return;
    const batch = await transform.flush();
    if (!batch || batch.numRows === 0 || this.#place.flow.isOver) return;
    const item = await makeItem(batch);
    this.#results.set(this.#place.isOrdered ? this.#taken++ : this.#nextFree(), item);
    this.#handOn();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { flow } = this.#place;
    while (!flow.isOver && this.input.length > 0 && this.#canStart()) {
      this.#calls++;
      flow.begin();
      void this.#process(this.input.take(), this.#taken++);
    }
    this.#isPumping = false;
    this.noteState();
  }

  #canStart(): boolean {
    const workers = this.stage.workers();
    const { output } = this.#place;
    if (this.#calls >= workers || output.isFull) return false;
    return this.#calls + this.#results.size < workers + output.freeBatches;
  }

  async #process(item: Item, place: number): Promise<void> {
    const { flow } = this.#place;
    item.isRunning = true;
    const result = await this.#transform(item);
    if (flow.isOver) return;
    item.isRunning = false;
    this.#calls--;
    if (!result) flow.retire(item);
    this.#results.set(this.#place.isOrdered ? place : this.#nextFree(), result);
    this.#handOn();
    this.#pump();
    flow.end();
  }

  /** Without order results stand in the order they came in; a batch that came to nothing takes no place. */
  #nextFree(): number {
    return this.#handedOn + this.#results.size;
  }

  /** The item with what the transform made of it; null when nothing came of it, for whatever reason. */
  async #transform(item: Item): Promise<Item | null> {
    const { flow, index } = this.#place;
    const { batch, bytes } = item;
    await this.#cover(item, { bytes: flow.growth.needOf(index, bytes, item.ownBytes), isEstimate: true });
    if (flow.isTurnDue) await flow.takeTurn();
    if (flow.isOver) return null;
    const startedMs = performance.now();
    let made: Batch | null;
    try {
      const call = callTransform(this.stage, batch, flow.signal);
      this.#pending.add(call);
      made = await call.finally(() => this.#pending.delete(call));
    } catch (error) {
      if (!flow.isOver) await flow.handleError(error, item, this.stage.onError, this.meter);
      return null;
    }
    if (flow.isOver) return null;
    this.meter.countBatch(batch.numRows, performance.now() - startedMs);
    if (!made || made.numRows === 0) return null;
    return this.#account(item, made);
  }

  async #account(item: Item, made: Batch): Promise<Item | null> {
    const { flow, index } = this.#place;
    const isSame = made === item.batch;
    const { freshBytes, isShared } = isSame
      ? { freshBytes: 0, isShared: true }
      : compareMemory(made, memoryOf(item.batch));
    const outBytes = isSame ? item.bytes : bytesOf(made);
    flow.growth.observe(index, { inBytes: item.bytes, outBytes, freshBytes });
    // For a moment both are there. What is reserved beyond that is still needed.
    const bytes = item.ownBytes + freshBytes;
    if (bytes > item.coveredBytes) await this.#cover(item, { bytes, isEstimate: false });
    item.ownBytes = freshBytes + (isShared ? item.ownBytes : 0);
    item.batch = made;
    item.bytes = outBytes;
    if (flow.isOver) return null;
    if (!isShared) item.leaveSource();
    item.trim(flow.growth.needOf(index + 1, outBytes, item.ownBytes));
    flow.freed();
    return item;
  }

  /** Waits until the item has that memory; the worker is blocked meanwhile. */
  async #cover(item: Item, need: Need): Promise<void> {
    const wait = this.#place.flow.cover(item, need, this.meter);
    if (!wait) return;
    this.#waiting++;
    this.noteState();
    await wait;
    this.#waiting--;
    this.noteState();
  }

  #handOn(): void {
    const { output } = this.#place;
    for (;;) {
      const result = this.#results.get(this.#handedOn);
      if (result === undefined || (result !== null && !output.hasRoomFor(result.bytes))) break;
      this.#results.delete(this.#handedOn++);
      if (result) output.put(result);
    }
  }
}
