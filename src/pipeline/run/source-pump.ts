// The first stage: asks the source for rows when there is room and memory for them, never before, and makes batches of
// the wanted size of what comes.
import { canConcat, concatRows } from '../../core/index.ts';
import type { Batch, MemoryLease, Source } from '../contract.ts';
import { batchGrowthError, stageError } from './errors.ts';
import { bytesOf, guessRowBytes } from './batch-bytes.ts';
import type { Flow } from './flow.ts';
import { Item, SourceMemory } from './item.ts';
import { joinLeases } from './join-leases.ts';
import { Rebatcher } from './rebatcher.ts';
import type { BatchBounds, Part } from './rebatcher.ts';
import { StageMeter } from './stage-meter.ts';
import type { StageQueue } from './stage-queue.ts';

/** Limits of batches, all decided. */
export interface ResolvedLimits extends BatchBounds {
  readonly lingerMs: number;
  /** Most batches of this size under way at once, as far as it is known; memory is shared among them. */
  readonly parallel: number;
}

/** What the source runs in. */
export interface SourcePlace {
  readonly flow: Flow;
  readonly output: StageQueue;
  readonly limits: () => ResolvedLimits;
  /** True when nothing is known of memory before the first batch has passed all stages. */
  readonly isProbing: boolean;
  /** Called where no batch is under way, if it says that it is due. */
  readonly checkpoint: { isDue(): boolean; write(): Promise<void> } | null;
}

/** Memory to read so many rows into. */
interface Room {
  readonly rows: number;
  readonly lease: MemoryLease;
}

/** How long a source that does not heed its signal is waited for when the run is to end early. */
const DRAIN_PATIENCE_MS = 1000;
/** After so long without change, batches that wait give back what they do not need yet. */
const STANDSTILL_MS = 20;
/** How fast the size of a row follows smaller rows. */
const FORGET_SHARE = 0.2;

/** Runs the source. */
export class SourcePump {
  readonly meter: StageMeter;
  readonly #source: Source;
  readonly #place: SourcePlace;
  readonly #rebatcher = new Rebatcher<SourceMemory>();
  readonly #reading = new AbortController();
  #rowBytes: number;
  #number = 0;
  #next: Item[] = [];
  #lease: MemoryLease | null = null;
  #pending: Promise<unknown> = Promise.resolve();
  #linger: NodeJS.Timeout | null = null;
  #isLingerOver = false;
  #isDraining = false;
  #wake: () => void = () => undefined;
  #giveUpReading: () => void = () => undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(name: string, source: Source, place: SourcePlace) {
    this.meter = new StageMeter(name, 'source');
    this.#source = source;
    this.#place = place;
    this.#rowBytes = guessRowBytes(source.schema);
    place.output.onRoom = () => this.#onRoom();
    place.flow.onFreed = () => this.#wake();
    place.flow.signal.addEventListener('abort', () => this.close(), { once: true });
  }

  get memoryBytes(): number {
    return this.#source.memoryUsage();
  }

  /** Rows that wait to become a batch. */
  get buffered(): { batches: number; bytes: number } {
    return { batches: this.#rebatcher.parts.length, bytes: this.#rebatcher.bytes };
  }

  /** Resolves when no read is under way. */
  async settled(): Promise<void> {
    await this.#pending.catch(() => undefined);
  }

  /** Reads until there are no more rows, or no more are wanted; all that was read is then on its way. */
  async run(): Promise<void> {
    const { checkpoint } = this.#place;
    for (;;) {
      if (checkpoint?.isDue()) {
        await this.quiesce();
        await checkpoint.write();
      }
      const room = await this.#prepareToRead();
      if (!room) break;
      const batch = await this.#read(room);
      if (!batch) break;
      await this.#accept(batch, room.lease);
    }
    this.#lease?.release();
    this.meter.note(0, 'starved');
    await this.#emit(true);
  }

  /** Resolves when all that was read has left the run. */
  async quiesce(): Promise<void> {
    await this.#emit(true);
    await this.#place.flow.idle();
  }

  /** Nothing more is read. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#place.flow.keeper.stopReading();
    this.#reading.abort(drained);
    this.#patience = setTimeout(() => this.#giveUpReading(), DRAIN_PATIENCE_MS);
    this.#wake();
  }

  /** Ends timers, and gives back what no batch has. */
  close(): void {
    this.#isDraining = true;
    clearTimeout(this.#patience);
    if (this.#linger) clearTimeout(this.#linger);
    if (this.#place.flow.isOver) this.#reading.abort(this.#place.flow.signal.reason);
    this.#lease?.release();
    for (const { owner } of this.#rebatcher.parts) owner.leave();
    this.#rebatcher.clear();
  }

  /** Rows of a batch that no source gave, such as those a transform still held, as one that holds memory. */
  async makeItem(batch: Batch): Promise<Item> {
    const bytes = bytesOf(batch);
    const lease = await this.#leaseRead(bytes);
    const item = new Item(this.#number++, batch, bytes, new SourceMemory(lease, bytes), 0);
    this.#place.flow.enter(item);
    return item;
  }

  /** Waits for room and for memory. Null when nothing more is to be read. */
  async #prepareToRead(): Promise<Room | null> {
    const { flow } = this.#place;
    this.meter.note(0, 'blocked');
    if (flow.isTurnDue) await flow.takeTurn();
    while (!this.#isDraining && !this.#canRead()) await this.#change();
    if (this.#isDraining) return null;
    const rows = this.#wantedRows();
    const bytes = this.#readBytes(rows);
    const lease = flow.keeper.tryLease(bytes) ?? (await this.#waitForMemory(bytes, () => this.#isDraining));
    return lease && { rows, lease };
  }

  /** Waits for batches to give memory back, or for those who share the budget. Null when it is not wanted any more. */
  async #waitForMemory(bytes: number, isOver: () => boolean): Promise<MemoryLease | null> {
    const { flow } = this.#place;
    // Nobody may wait for memory and hold some that could be on its way.
    await this.#emit(true);
    while (!isOver() && !flow.isOver) {
      const lease = flow.keeper.tryLease(bytes);
      if (lease) return lease;
      if (flow.isIdle) return flow.keeper.waitForOthers(bytes);
      // A transform may be waiting in the line of the same budget.
      const standstill = setTimeout(() => flow.trimWaiting(), STANDSTILL_MS);
      await this.#change();
      clearTimeout(standstill);
    }
    return null;
  }

  #canRead(): boolean {
    const { output, isProbing, flow } = this.#place;
    if (output.isFull || this.#next.length > 0) return false;
    return !isProbing || this.#number === 0 || flow.retired > 0;
  }

  #wantedRows(): number {
    const { rows, bytes, parallel } = this.#place.limits();
    const { limitBytes } = this.#place.flow.keeper;
    const inMemory = limitBytes / (Math.max(2, parallel) * this.#readBytes(1));
    const wanted = Math.min(
      rows - this.#rebatcher.rows,
      (bytes - this.#rebatcher.bytes) / this.#rowBytes,
      inMemory,
    );
    return Math.max(1, Math.floor(wanted));
  }

  /** What so many rows take, with what will be made of them. */
  #readBytes(rows: number): number {
    const { growth, keeper } = this.#place.flow;
    const bytes = rows * this.#rowBytes;
    return Math.min(keeper.limitBytes, Math.ceil(bytes + growth.needOf(0, bytes, 0)));
  }

  async #read({ rows, lease }: Room): Promise<Batch | null> {
    const { flow } = this.#place;
    if (flow.isOver) {
      lease.release();
      return null;
    }
    this.#lease = lease;
    this.meter.note(1, 'blocked');
    const startedMs = performance.now();
    const givenUp = new Promise<null>((resolve) => (this.#giveUpReading = () => resolve(null)));
    try {
      const read = this.#source.nextBatch(rows, this.#reading.signal);
      this.#pending = read;
      const batch = await Promise.race([read, givenUp]);
      if (batch) this.meter.countBatch(batch.numRows, performance.now() - startedMs);
      return batch;
    } catch (error) {
      if (this.#isDraining && this.#reading.signal.reason === drained && isAbort(error)) return null;
      throw stageError(this.meter.name, error);
    } finally {
      if (!flow.isOver) this.meter.note(0, 'blocked');
    }
  }

  async #accept(batch: Batch, lease: MemoryLease): Promise<void> {
    const { flow } = this.#place;
    if (flow.isOver) return;
    if (batch.numRows === 0) {
      lease.release();
      return;
    }
    const bytes = bytesOf(batch);
    const rowBytes = bytes / batch.numRows;
    this.#rowBytes =
      rowBytes > this.#rowBytes ? rowBytes : this.#rowBytes + (rowBytes - this.#rowBytes) * FORGET_SHARE;
    lease.shrink(bytes + flow.growth.needOf(0, bytes, 0));
    if (lease.bytes < bytes)
      this.#lease = joinLeases(lease, await this.#leaseRead(bytes - lease.bytes, bytes));
    if (flow.isOver) {
      this.#lease!.release();
      return;
    }
    const owner = new SourceMemory(this.#lease!, bytes);
    this.#lease = null;
    owner.join();
    this.#rebatcher.add({ batch, bytes, owner });
    await this.#emit(false);
    if (this.#rebatcher.rows > 0) this.#startLinger();
  }

  /** Memory for what is there already: more came than was asked for, or than rows took so far. */
  async #leaseRead(bytes: number, batchBytes = bytes): Promise<MemoryLease> {
    const { keeper } = this.#place.flow;
    if (batchBytes > keeper.limitBytes) {
      throw batchGrowthError(this.meter.name, batchBytes, bytes, keeper.limitBytes);
    }
    for (;;) {
      const lease = keeper.tryLease(bytes) ?? (await this.#waitForMemory(bytes, () => false));
      if (lease) return lease;
      // A drain ends a wait for others, but what was read is wanted.
      if (this.#place.flow.isOver) return new Promise<never>(() => undefined);
    }
  }

  async #emit(isLast: boolean): Promise<void> {
    while (!this.#tryEmit(isLast)) await this.#change();
  }

  /** Puts batches on their way while there is room. @returns false when some are left that are ready to go */
  #tryEmit(isLast: boolean): boolean {
    const { output, flow } = this.#place;
    for (;;) {
      if (flow.isOver) return true;
      if (this.#next.length === 0) this.#next = this.#makeItems(isLast);
      const [item] = this.#next;
      if (!item) return true;
      if (!output.hasRoomFor(item.bytes)) return false;
      this.#next.shift();
      output.put(item);
    }
  }

  #makeItems(isLast: boolean): Item[] {
    const parts = this.#rebatcher.take(this.#place.limits(), isLast);
    if (!parts) return [];
    if (this.#rebatcher.rows === 0) this.#endLinger();
    const items = [this.#joinParts(parts)].flat();
    for (const { owner } of parts) if (this.#rebatcher.parts[0]?.owner !== owner) owner.leave();
    for (const item of items) this.#place.flow.enter(item);
    return items;
  }

  /** One batch of the parts, copied; where there is no memory for a copy they go as they are. */
  #joinParts(parts: readonly Part<SourceMemory>[]): Item | Item[] {
    const { growth, keeper } = this.#place.flow;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const needBytes = bytes + growth.needOf(0, bytes, 0);
    const canJoin =
      parts.length > 1 && needBytes <= keeper.limitBytes && canConcat(parts.map(({ batch }) => batch));
    const lease = canJoin ? keeper.tryLease(needBytes) : null;
    if (!lease) {
      return parts.map(
        (part) =>
          new Item(this.#number++, part.batch, part.bytes, part.owner, growth.needOf(0, part.bytes, 0)),
      );
    }
    const runs = parts.map(({ batch }) => ({ batch, from: 0, to: batch.numRows }));
    const batch = concatRows(this.#source.schema, runs);
    return new Item(this.#number++, batch, bytes, new SourceMemory(lease, bytes), needBytes - bytes);
  }

  #startLinger(): void {
    this.#linger ??= setTimeout(() => {
      this.#isLingerOver = true;
      this.#onRoom();
    }, this.#place.limits().lingerMs);
  }

  #endLinger(): void {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
    this.#isLingerOver = false;
  }

  #onRoom(): void {
    if (this.#isLingerOver || this.#next.length > 0) this.#tryEmit(this.#isLingerOver);
    this.#wake();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** The reason a source sees when the run is to end early. */
const drained = new DOMException('the run is drained', 'AbortError');

function isAbort(error: unknown): boolean {
  return error === drained || (error instanceof Error && error.name === 'AbortError');
}
