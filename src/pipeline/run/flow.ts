// What the stages of one run share: which batches are under way, whose turn memory is, and the end.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ErrorPolicy, Sink } from '../contract.ts';
import { batchGrowthError, stageError } from './errors.ts';
import type { Growth } from './growth.ts';
import type { Item } from './item.ts';
import type { MemoryKeeper, Need } from './memory-keeper.ts';
import type { StageMeter } from './stage-meter.ts';

/** How long stages may go on before timers and sockets are heard again. */
const TURN_MS = 5;

/** The shared state of a run. */
export class Flow {
  readonly keeper: MemoryKeeper;
  readonly growth: Growth;
  readonly #controller = new AbortController();
  readonly #failure = Promise.withResolvers<never>();
  readonly #items = new Set<Item>();
  readonly #deadLetters = new Map<Sink, Promise<void>>();
  #activeCalls = 0;
  #retired = 0;
  #turnMs = performance.now();
  #whenIdle: (() => void) | null = null;
  /** Told when memory came back, or a batch has left the run: the source may be waiting for that. */
  onFreed: () => void = () => undefined;

  constructor(keeper: MemoryKeeper, growth: Growth) {
    this.keeper = keeper;
    this.growth = growth;
    // Whoever runs the stages waits for it; until then it is nobody's.
    this.#failure.promise.catch(() => undefined);
  }

  /** Aborted when the run failed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Rejects when the run fails. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Batches that have left the run. */
  get retired(): number {
    return this.#retired;
  }

  enter(item: Item): void {
    if (this.isOver) item.release();
    else this.#items.add(item);
  }

  /** A batch reached the sink, or came to nothing. */
  retire(item: Item): void {
    item.release();
    this.#items.delete(item);
    this.#retired++;
    this.freed();
    if (this.#items.size > 0) return;
    this.#whenIdle?.();
    this.#whenIdle = null;
  }

  /** Memory came back. */
  freed(): void {
    this.keeper.serve();
    this.onFreed();
  }

  get isIdle(): boolean {
    return this.#items.size === 0;
  }

  /** Resolves when no batch is under way. */
  async idle(): Promise<void> {
    if (this.#items.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  /** Lets timers and sockets be heard, when that is due: batches that are at hand would otherwise pass in one turn. */
  async takeTurn(): Promise<void> {
    await nextTurn();
    this.#turnMs = performance.now();
  }

  get isTurnDue(): boolean {
    return performance.now() - this.#turnMs > TURN_MS;
  }

  /** A call of a stage begins, which may end by itself. */
  begin(): void {
    this.#activeCalls++;
  }

  /** A call ended, and what can follow was started. */
  end(): void {
    this.#activeCalls--;
    if (this.#activeCalls > 0 || !this.keeper.isShort || this.isOver) return;
    this.trimWaiting();
    let ownBytes = 0;
    for (const item of this.#items) ownBytes += item.coveredBytes + item.sourceBytes;
    this.keeper.resolveStandstill(ownBytes);
  }

  /** Batches that wait give back what they will need later; it is leased anew when their turn comes. */
  trimWaiting(): void {
    for (const item of this.#items) if (!item.isRunning) item.trim(item.ownBytes);
    this.keeper.serve();
  }

  /**
   * Sees to it that a batch has the memory that a stage needs.
   * @returns null when it has; else what to wait for
   */
  cover(item: Item, need: Need, meter: StageMeter): Promise<void> | null {
    const wait = this.keeper.cover(item, need, {
      goesOn: () => this.begin(),
      fails: (extraBytes) =>
        this.fail(batchGrowthError(meter.name, item.bytes, extraBytes, this.keeper.limitBytes)),
    });
    if (wait) this.end();
    return wait;
  }

  /** Does with a batch what the stage's policy says. */
  async handleError(error: unknown, item: Item, policy: ErrorPolicy, meter: StageMeter): Promise<void> {
    const failure = stageError(meter.name, error);
    meter.lastError = failure.message;
    if (policy === 'fail') {
      this.fail(failure);
      return;
    }
    const { numRows } = item.batch;
    if (policy !== 'skip') {
      try {
        await this.#bury(policy.deadLetter, item);
      } catch (cause) {
        this.fail(stageError(`dead letters of ${meter.name}`, cause));
        return;
      }
      meter.deadRows += numRows;
    } else meter.skippedRows += numRows;
  }

  /** Several stages may have the same sink for what they cannot process; it takes one batch at a time. */
  #bury(sink: Sink, { batch }: Item): Promise<void> {
    const before = this.#deadLetters.get(sink) ?? Promise.resolve();
    const taken = before.then(() => sink.consume(batch));
    this.#deadLetters.set(sink, taken);
    return taken;
  }

  /** What the dead-letter sinks are taking. */
  get pendingDeadLetters(): ReadonlyMap<Sink, Promise<void>> {
    return this.#deadLetters;
  }

  /** Ends the run. The first error counts. All memory goes back at once, whoever still hangs. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.#controller.abort(error);
    this.close();
    this.#failure.reject(error);
  }

  /** Gives back everything. */
  close(): void {
    this.keeper.close();
    for (const item of this.#items) item.release();
    this.#items.clear();
  }
}
