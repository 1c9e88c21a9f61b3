// What waits on a host to be sent: batches in segment files, durable before they are sent and gone when a server has
// them. Its size has a bound: beyond it the oldest segment goes, and what went is counted. One owner at a time: the
// daemon whose home it is.
//
//   <folder>/<number>.outbox     outbox-layout.ts; the newest is never removed, for it knows the next sequence
//   <folder>/reserve             bytes that are given up for the next segment on a full disk
import { randomBytes } from 'node:crypto';
import { open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import { makeFolder, openAppendFile, temporarySuffix, writeDurably } from '../../files/index.ts';
import type { AppendFile } from '../../files/index.ts';
import { damagedOutboxError, outboxError } from '../errors.ts';
import { decodeSegmentFile, encodeBatchFrame, encodeHead } from './outbox-layout.ts';
import type { BatchMeta, StoredBatch } from './outbox-layout.ts';

/** Options of {@link openOutbox}. */
export interface OutboxOptions {
  /** What is published: of a kind that never was, what comes from now on. @default none */
  readonly kinds?: readonly string[];
  /** Most bytes on disk. */
  readonly budgetBytes: number;
  /** Told of damage. */
  readonly onProblem?: (problem: RuvectorError) => void;
}

/** A batch that waits. */
export interface WaitingBatch extends BatchMeta {
  readonly epoch: string;
}

/** Batches and rows. */
export interface BatchCount {
  readonly batches: number;
  readonly rows: number;
}

/** What lies in an outbox. */
export interface OutboxStats {
  readonly waiting: BatchCount;
  /** Given up since it was opened, because the budget was used up. */
  readonly dropped: BatchCount;
  readonly sizeBytes: number;
}

/** An outbox. */
export interface RowOutbox extends AsyncDisposable {
  readonly stats: OutboxStats;
  /** Newest time of a kind that was ever put in; null before the first. */
  lastMs(kind: string): number | null;
  /** Puts a batch in; durable when it resolves. @throws RuvectorError `ERR_FLEET_OUTBOX`; then it is not in */
  append(batch: Omit<BatchMeta, 'sequence'>, payload: Uint8Array): Promise<void>;
  /** The oldest batch that was not taken; null when there is none. */
  take(): WaitingBatch | null;
  /** Its bytes; null when it was given up meanwhile. @throws RuvectorError `ERR_FLEET_OUTBOX` */
  read(batch: WaitingBatch): Promise<Uint8Array | null>;
  /** A server has it, or nobody needs it any more. */
  acknowledge(batch: WaitingBatch): void;
  /** What was taken and not acknowledged can be taken again, the oldest first. */
  putBack(): void;
}

const SUFFIX = '.outbox';
/** Segments that the budget is divided into. */
const SEGMENTS = 8;
const LARGEST_SEGMENT = 4 * 2 ** 20;
const RESERVE_BYTES = 16 * 1024;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Payloads kept in memory from the append to the acknowledgement. */
const CACHED_BYTES = 2 * 2 ** 20;

interface Segment {
  readonly number: number;
  readonly path: string;
  readonly epoch: string;
  readonly headBytes: number;
  sizeBytes: number;
  readonly left: Set<Entry>;
}

interface Entry extends WaitingBatch {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
  payload: Uint8Array | null;
}

/** Opens the outbox of a folder, which is made. @throws RuvectorError `ERR_FLEET_OUTBOX` */
export async function openOutbox(folder: string, options: OutboxOptions): Promise<RowOutbox> {
  try {
    await makeFolder(folder);
    const outbox = new FileOutbox(folder, options);
    await outbox.start();
    return outbox;
  } catch (error) {
    throw outboxError(folder, error);
  }
}

class FileOutbox implements RowOutbox {
  readonly #folder: string;
  readonly #options: OutboxOptions;
  readonly #segmentBytes: number;
  #segments: Segment[] = [];
  #active!: Segment;
  #file!: AppendFile;
  #waiting: Entry[] = [];
  readonly #taken = new Set<Entry>();
  #dropped = { batches: 0, rows: 0 };
  #next: Record<string, number> = {};
  readonly #lastMs: Record<string, number> = {};
  /** A host that is killed before its first batch goes on from here. */
  readonly #beganMs: Record<string, number> = {};
  #place = '';
  #cachedBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, options: OutboxOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#segmentBytes = Math.min(LARGEST_SEGMENT, Math.ceil(options.budgetBytes / SEGMENTS));
  }

  async start(): Promise<void> {
    const names = await readdir(this.#folder);
    this.#place = await readPlace(this.#folder);
    for (const name of names) {
      if (name.endsWith(temporarySuffix)) await rm(join(this.#folder, name), { force: true });
    }
    const numbers = names
      .filter((name) => /^\d+\.outbox$/.test(name))
      .map((name) => Number.parseInt(name, 10));
    let epoch: string | null = null;
    for (const number of numbers.sort((a, b) => a - b)) epoch = await this.#recover(number);
    if (epoch === null) this.#next = {};
    for (const kind of this.#options.kinds ?? []) this.#beganMs[kind] = Date.now() - 1;
    // Always a new one: nothing is ever appended behind what a crash may have torn.
    await this.#begin(epoch ?? randomEpoch());
    await this.#removeEmpty();
    await this.#keepReserve();
  }

  get stats(): OutboxStats {
    const left = this.#segments.flatMap((segment) => [...segment.left]);
    return {
      waiting: { batches: left.length, rows: left.reduce((sum, { rows }) => sum + rows, 0) },
      dropped: { ...this.#dropped },
      sizeBytes: this.#sizeBytes,
    };
  }

  get #sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  lastMs(kind: string): number | null {
    return this.#lastMs[kind] ?? null;
  }

  append(batch: Omit<BatchMeta, 'sequence'>, payload: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const meta = { ...batch, sequence: this.#next[batch.kind] ?? 1 };
      const { frame, payloadAt } = encodeBatchFrame(meta, payload);
      const { sizeBytes: filled, headBytes } = this.#active;
      if (filled > headBytes && filled + frame.length > this.#segmentBytes) await this.#roll();
      while (this.#sizeBytes + frame.length > this.#options.budgetBytes && this.#segments.length > 1) {
        await this.#dropOldest();
      }
      await this.#appendFrame(frame);
      const offset = this.#active.sizeBytes;
      this.#active.sizeBytes += frame.length;
      this.#note(this.#active, { ...meta, offset: offset + payloadAt, length: payload.length }, payload);
    });
  }

  take(): WaitingBatch | null {
    let entry = this.#waiting.shift();
    // What was put back may have been acknowledged after all.
    while (entry && !entry.segment.left.has(entry)) entry = this.#waiting.shift();
    if (!entry) return null;
    this.#taken.add(entry);
    return entry;
  }

  async read(batch: WaitingBatch): Promise<Uint8Array | null> {
    const { payload, segment, offset, length } = batch as Entry;
    if (payload) return payload;
    try {
      await using file = await open(segment.path, 'r');
      const bytes = Buffer.alloc(length);
      await file.read(bytes, 0, length, offset);
      return bytes;
    } catch (error) {
      if (!segment.left.has(batch as Entry)) return null;
      throw outboxError(segment.path, error);
    }
  }

  acknowledge(batch: WaitingBatch): void {
    const entry = batch as Entry;
    this.#taken.delete(entry);
    this.#forget(entry);
    const { segment } = entry;
    // One that stays behind is removed at the next opening.
    if (segment.left.size === 0 && segment !== this.#active)
      void this.#inTurn(() => this.#remove(segment)).catch(() => undefined);
  }

  putBack(): void {
    this.#waiting = [...this.#taken, ...this.#waiting].sort(
      (a, b) => a.segment.number - b.segment.number || a.offset - b.offset,
    );
    this.#taken.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn.catch(() => undefined);
    // What was acknowledged shall not be sent again by the next owner; a server would know it, though.
    if (this.#active.left.size === 0) await this.#roll().catch(() => undefined);
    await this.#file[Symbol.asyncDispose]();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done.catch((error: unknown) => {
      throw outboxError(this.#folder, error);
    });
  }

  async #recover(number: number): Promise<string | null> {
    const path = this.#pathOf(number);
    const bytes = await readFile(path);
    const { head, batches, goodEnd } = decodeSegmentFile(bytes);
    if (head === null) {
      this.#options.onProblem?.(damagedOutboxError(path, 'its head does not hold, and its batches are lost'));
      await rm(path, { force: true });
      return null;
    }
    const { epoch } = head;
    const segment: Segment = { number, path, epoch, headBytes: 0, sizeBytes: bytes.length, left: new Set() };
    this.#segments.push(segment);
    this.#next = { ...head.next };
    for (const [kind, ms] of Object.entries(head.lastMs)) this.#noteTime(kind, ms);
    for (const batch of batches) this.#note(segment, batch, null);
    // Of frames that are damaged nobody knows whether they were sent, and a copy of this outbox (a cloned machine, a
    // restored disk) goes on from the same sequences: they must not be used again.
    return goodEnd === bytes.length && head.place === this.#place ? epoch : null;
  }

  /** The next segment becomes the active one; its head is on the disk before an older one is removed. */
  async #begin(epoch: string): Promise<void> {
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const path = this.#pathOf(number);
    const head = encodeHead({
      epoch,
      place: this.#place,
      next: this.#next,
      lastMs: { ...this.#beganMs, ...this.#lastMs },
    });
    await writeDurably(path, head);
    const file = await openAppendFile(path, head.length);
    const before = this.#file as AppendFile | undefined;
    const sizes = { headBytes: head.length, sizeBytes: head.length };
    this.#active = { number, path, epoch, ...sizes, left: new Set() };
    this.#segments.push(this.#active);
    this.#file = file;
    await before?.[Symbol.asyncDispose]();
  }

  async #roll(): Promise<void> {
    await this.#begin(this.#active.epoch);
    await this.#removeEmpty();
  }

  /** On a disk without room the active segment gives its own place up, once a server has all that is in it. */
  async #appendFrame(frame: Buffer): Promise<void> {
    try {
      await this.#file.append(frame);
    } catch (error) {
      const { left, sizeBytes, headBytes } = this.#active;
      if (left.size > 0 || sizeBytes === headBytes) throw error;
      await rm(this.#reserve, { force: true });
      await this.#roll();
      await this.#keepReserve();
      await this.#file.append(frame);
    }
  }

  get #reserve(): string {
    return join(this.#folder, 'reserve');
  }

  /** Room for the head of a segment on a disk that has none. */
  async #keepReserve(): Promise<void> {
    await writeDurably(this.#reserve, Buffer.alloc(RESERVE_BYTES, 1)).catch(() => undefined);
  }

  async #removeEmpty(): Promise<void> {
    for (const segment of this.#segments) {
      if (segment !== this.#active && segment.left.size === 0) await this.#remove(segment);
    }
  }

  async #dropOldest(): Promise<void> {
    const oldest = this.#segments[0]!;
    for (const entry of oldest.left) {
      this.#dropped.batches++;
      this.#dropped.rows += entry.rows;
      this.#taken.delete(entry);
      this.#forget(entry);
    }
    this.#waiting = this.#waiting.filter(({ segment }) => segment !== oldest);
    await this.#remove(oldest);
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments = this.#segments.filter((each) => each !== segment);
    await rm(segment.path, { force: true });
  }

  #note(segment: Segment, batch: StoredBatch, payload: Uint8Array | null): void {
    const isCached = payload !== null && this.#cachedBytes + payload.length <= CACHED_BYTES;
    const entry: Entry = { ...batch, epoch: segment.epoch, segment, payload: isCached ? payload : null };
    if (isCached) this.#cachedBytes += payload.length;
    segment.left.add(entry);
    this.#waiting.push(entry);
    this.#next[batch.kind] = batch.sequence + 1;
    this.#noteTime(batch.kind, batch.lastMs);
  }

  #noteTime(kind: string, ms: number): void {
    this.#lastMs[kind] = Math.max(this.#lastMs[kind] ?? -Infinity, ms);
  }

  #forget(entry: Entry): void {
    entry.segment.left.delete(entry);
    this.#cachedBytes -= entry.payload?.length ?? 0;
    entry.payload = null;
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number).padStart(10, '0')}${SUFFIX}`);
  }
}

const randomEpoch = (): string => `${Date.now().toString(36)}${randomBytes(4).toString('hex')}`;

/** Of this folder since this start of the machine: another one for every copy, however it was made. */
async function readPlace(folder: string): Promise<string> {
  const boot = await readFile(BOOT_ID, 'utf8').catch(() => '');
  const { dev, ino } = await stat(folder, { bigint: true });
  return sha256Of(`${boot.trim()} ${dev} ${ino}`).slice(0, 16);
}
