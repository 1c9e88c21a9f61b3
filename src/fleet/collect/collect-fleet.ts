// Takes the rows of all hosts out of a stream and writes them into a lake, each batch exactly once: the file is durable
// before the server is told, and a batch whose rows are in a file already is only acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isRuvectorError, messageOf, timesOf } from '../../core/index.ts';
import { DEFAULT_TIMEOUT_MS, connectNats, natsError } from '../connect.ts';
import type { NatsAccess } from '../connect.ts';
import { decodeFleetBatch } from '../decode-fleet-batch.ts';
import { fleetBatchError } from '../errors.ts';
import { ANONYMIZED_HEADER, ID_HEADER, parseBatchId, rowsSubjectOf } from '../subjects.ts';
import { BatchArrivals } from './batch-arrivals.ts';
import { chooseLevels, generaliseSizes, readSizes } from './fleet-anonymity.ts';
import type { FleetLevels } from './fleet-anonymity.ts';
import { HeldBatches, buildDays, buildFileParts } from './held-batches.ts';
import type { FilePart, HeldBatch } from './held-batches.ts';
import { openLake } from './lake.ts';
import type { Lake } from './lake.ts';
import { MOST_HELD, openRows } from './rows-stream.ts';
import type { Rows, RowsOptions } from './rows-stream.ts';

/** Options of {@link collectFleet}. */
export interface CollectFleetOptions {
  readonly access: NatsAccess;
  /** Folder of the lake. */
  readonly lake: string;
  readonly signal: AbortSignal;
  /** Takes what is there at the start, and ends. @default false */
  readonly once?: boolean;
  /** Longest time a row waits for others before they become files. @default 300_000 */
  readonly fileMs?: number;
  /** Rows that become files at once. @default 250_000: some 100 MB */
  readonly fileRows?: number;
  /** Hosts that must look alike in the sizes of their memory. 1 leaves sizes as they come. @default 5 */
  readonly k?: number;
  /** Servers that keep the stream, when it is made. @default 1 */
  readonly replicas?: number;
  /** Most bytes of the stream, when it is made. @default what the server allows */
  readonly maxBytes?: number | null;
  readonly onLog?: (text: string) => void;
  /** Called once rows can come: the server answered and the lake is open. */
  readonly onStarted?: () => void;
  /** Told after each time files were written. */
  readonly onWritten?: (report: CollectReport) => void;
}

/** What was collected since the start. Plain JSON. */
export interface CollectReport {
  /** Hosts that sent anything. */
  readonly hosts: number;
  readonly batches: number;
  readonly rows: number;
  readonly files: number;
  readonly fileBytes: number;
  /** Batches that came once more and were in the lake already, or held. */
  readonly duplicates: number;
  /** Messages that were no batches. */
  readonly refused: number;
  /** Batches that hosts numbered and that did not come, between what the lake had of them and the last that did. */
  readonly missing: number;
  /** Names under which several hosts send. */
  readonly sharedNames: readonly string[];
  /** Hosts that must look alike, and how many did in the smallest group when files were written last. */
  readonly k: { readonly wanted: number; readonly reached: number };
}

export const DEFAULT_FILE_MS = 300_000;
export const DEFAULT_FILE_ROWS = 250_000;
export const DEFAULT_FLEET_K = 5;
const FETCH = 512;
/** How long a fetch waits; JetStream takes no less than a second. */
const FETCH_MS = 1000;
const FILES_AT_ONCE = 8;

/**
 * Collects until the signal aborts, then writes what it holds.
 * @throws RuvectorError `ERR_FLEET_LAKE`, `ERR_FLEET_STREAM` and those of the connection; nothing is lost: what was not
 *   written was not acknowledged
 */
export async function collectFleet(options: CollectFleetOptions): Promise<CollectReport> {
  using lake = await openLake(options.lake);
  const name = `ruvector-collect ${lake.id}`;
  const connection = await whenUp(options, () => connectNats(options.access, { name, reconnects: true }));
  const collector = new Collector(options, lake);
  if (!connection) return collector.report;
  try {
    const rows = await whenUp(options, () => openRows(connection, buildRowsOptions(options, lake)));
    if (rows) {
      options.onStarted?.();
      await collector.run(rows, connection);
    }
    return collector.report;
  } finally {
    await connection.close().catch(() => undefined);
  }
}

function buildRowsOptions(
  { access, fileMs = DEFAULT_FILE_MS, ...more }: CollectFleetOptions,
  lake: Lake,
): RowsOptions {
  return {
    servers: access.servers,
    lakeId: lake.id,
    ackMs: 2 * fileMs + 60_000,
    replicas: more.replicas ?? 1,
    maxBytes: more.maxBytes ?? null,
    timeoutMs: access.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  };
}

/**
 * Who collects for good waits for a server that is away; who collects once is told. Null when the signal aborts before.
 */
async function whenUp<T>(
  { signal, once = false, onLog }: CollectFleetOptions,
  open: () => Promise<T>,
): Promise<T | null> {
  let said = '';
  while (!signal.aborted) {
    try {
      return await open();
    } catch (error) {
      if (once || !isRuvectorError(error, 'ERR_FLEET_UNREACHABLE')) throw error;
      if (error.message !== said) onLog?.((said = error.message));
      await sleep(FETCH_MS / 2, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

class Collector {
  readonly #options: CollectFleetOptions;
  readonly #lake: Lake;
  #connection!: NatsConnection;
  readonly #held = new HeldBatches();
  readonly #arrivals = new BatchArrivals();
  readonly #hosts = new Set<string>();
  readonly #counts = { batches: 0, rows: 0, files: 0, fileBytes: 0, duplicates: 0, refused: 0 };
  #reachedK = 0;
  #heldSinceMs = 0;

  constructor(options: CollectFleetOptions, lake: Lake) {
    this.#options = options;
    this.#lake = lake;
  }

  get report(): CollectReport {
    return {
      hosts: this.#hosts.size,
      ...this.#counts,
      missing: this.#arrivals.missing,
      sharedNames: this.#arrivals.sharedNames,
      k: { wanted: this.#options.k ?? DEFAULT_FLEET_K, reached: this.#reachedK },
    };
  }

  async run(rows: Rows, connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    if (rows.flaw) this.#say(rows.flaw);
    const { signal, once = false } = this.#options;
    // Hosts go on sending: who collects once takes what is there now.
    let left = once ? await this.#readLeft(rows) : Infinity;
    while (!signal.aborted) {
      const came = await this.#fetch(rows, left);
      left -= came;
      if (this.#isDue() || (once && (came === 0 || left <= 0))) await this.#write();
      if (once && (left <= 0 || (came === 0 && (await this.#readLeft(rows)) === 0))) break;
    }
    await this.#write();
    for (const problem of this.#arrivals.takeProblems(true)) this.#say(problem);
  }

  #say(error: unknown): void {
    this.#options.onLog?.(isRuvectorError(error) ? `${error.code}: ${error.message}` : messageOf(error));
  }

  /** Ends when so many came, or after a while. */
  async #fetch({ consumer }: Rows, left: number): Promise<number> {
    let came = 0;
    try {
      const most = Math.max(1, Math.min(FETCH, left));
      const messages = await consumer.fetch({ max_messages: most, expires: FETCH_MS });
      for await (const message of messages) {
        came++;
        this.#take(message);
        // A fetch waits for more: what is full already does not.
        if (this.#isDue()) await this.#write();
      }
    } catch (error) {
      if (isRuvectorError(error)) throw error;
      if (this.#connection.isClosed()) throw await this.#endOf(error);
      this.#options.onLog?.(`waiting for the server: ${messageOf(error)}`);
      await sleep(FETCH_MS / 4);
    }
    if (this.#connection.isClosed()) throw await this.#endOf(null);
    return came;
  }

  async #endOf(error: unknown): Promise<Error> {
    const reason = await this.#connection.closed();
    return natsError(this.#options.access.servers, reason ?? error ?? new Error('the connection was closed'));
  }

  /** Unknown while the server is away: then it is asked again. */
  #readLeft(rows: Rows): Promise<number> {
    return rows.readLeft().catch(() => Infinity);
  }

  #take(message: JsMsg): void {
    try {
      const batch = decodeMessage(message);
      this.#hosts.add(batch.id.host);
      this.#arrivals.note(
        batch.id,
        timesOf(batch.rows).reduce((latest, ms) => Math.max(latest, ms), -Infinity),
      );
      if (this.#held.size === 0) this.#heldSinceMs = performance.now();
      if (!this.#held.add(batch)) this.#counts.duplicates++;
    } catch (error) {
      this.#counts.refused++;
      this.#say(error);
      // It would come again for ever. Servers before 2.10 do not understand a reason here.
      message.term();
    }
  }

  #isDue(): boolean {
    const { fileMs = DEFAULT_FILE_MS, fileRows = DEFAULT_FILE_ROWS } = this.#options;
    const { size, rows } = this.#held;
    const isOld = performance.now() - this.#heldSinceMs >= fileMs;
    return size > 0 && (isOld || rows >= fileRows || size >= MOST_HELD / 2);
  }

  async #write(): Promise<void> {
    const batches = this.#held.takeAll();
    if (batches.length === 0) return;
    await this.#arrivals.join(({ kind, host, epoch }, first) =>
      this.#lake.readHighest(kind, host, epoch, first),
    );
    const levels = await this.#chooseLevels(batches);
    const days = buildDays(batches);
    const writers = Array.from({ length: FILES_AT_ONCE }, async () => {
      for (let day = days.pop(); day; day = days.pop()) {
        const taken = await this.#lake.taken(day.place, day.epoch);
        const isWanted = (sequence: number): boolean => {
          const isKnown = taken.has(sequence);
          if (isKnown) this.#counts.duplicates++;
          return !isKnown;
        };
        for (const part of buildFileParts(day.pieces, isWanted)) {
          const rows = this.#generalise(day.place, part, levels);
          this.#counts.fileBytes += await this.#lake.write(day.place, day.epoch, part.stretch, rows);
          this.#counts.files++;
          this.#counts.rows += rows.numRows;
        }
      }
    });
    await Promise.all(writers);
    for (const { acknowledge } of batches) for (const tell of acknowledge) tell();
    this.#counts.batches += batches.length;
    await this.#connection.flush().catch(() => undefined);
    for (const problem of this.#arrivals.takeProblems(false)) this.#say(problem);
    this.#options.onWritten?.(this.report);
  }

  async #chooseLevels(batches: readonly HeldBatch[]): Promise<FleetLevels> {
    const { sizes } = this.#lake;
    const before = JSON.stringify([...sizes]);
    for (const { id, isAnonymized, rows } of batches) {
      if (isAnonymized && id.kind === 'memory') sizes.set(id.host, readSizes(rows));
    }
    if (JSON.stringify([...sizes]) !== before) await this.#lake.saveSizes();
    const levels = chooseLevels(sizes, this.#options.k ?? DEFAULT_FLEET_K);
    this.#reachedK = levels.reachedK;
    return levels;
  }

  #generalise({ kind, host }: { kind: string; host: string }, part: FilePart, levels: FleetLevels) {
    const { k = DEFAULT_FLEET_K } = this.#options;
    if (kind !== 'memory' || !part.isAnonymized || k <= 1) return part.rows;
    const level = levels.levelOf.get(host) ?? 2;
    return generaliseSizes(part.rows, level, { sizes: this.#lake.sizes.get(host)!, shared: levels.shared });
  }
}

function decodeMessage(message: JsMsg): HeldBatch {
  const { subject, headers, data } = message;
  const id = parseBatchId(headers?.get(ID_HEADER) ?? '');
  if (!id) throw fleetBatchError(subject, 'it has no identity of a batch');
  // Who may send under a subject is the server's to say; under whose name, must be the same.
  if (subject !== rowsSubjectOf(id.host, id.kind))
    throw fleetBatchError(subject, `it says that it is of "${id.host}", ${id.kind}`);
  try {
    return {
      id,
      isAnonymized: headers?.get(ANONYMIZED_HEADER) === 'true',
      rows: decodeFleetBatch(id.kind, data),
      acknowledge: [() => message.ack()],
    };
  } catch (error) {
    throw fleetBatchError(subject, messageOf(error), error);
  }
}
