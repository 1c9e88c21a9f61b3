// A lake: the rows of many hosts as Parquet that DuckDB, Polars and pyarrow read as one table a kind. A file is there
// whole or not at all, and its name says which batches are in it, so that a batch that comes again is known.
//
//   <lake>/<kind>/host=<host>/date=<UTC day>/<epoch>-<first>-<last>.parquet
//   <lake>/_fleet/lake.json, hosts.json, lock.db
import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as arrow from 'apache-arrow';
import { isRuvectorError, loadPolars, systemCodeOf } from '../../core/index.ts';
import { makeFolder, syncFolder, temporarySuffix, tryLock, writeDurably } from '../../files/index.ts';
import type { FileLock } from '../../files/index.ts';
import { lakeError, unusableLakeError } from '../errors.ts';
import { SIZE_COLUMNS } from './fleet-anonymity.ts';
import type { HostSizes } from './fleet-anonymity.ts';
import { SequenceRanges } from './sequence-ranges.ts';
import type { Stretch } from './sequence-ranges.ts';

/** Where rows of one kind, host and day lie. */
export interface LakePlace {
  readonly kind: string;
  readonly host: string;
  /** UTC, `2026-11-30`. */
  readonly date: string;
}

/** An open lake. One process has it. */
export interface Lake extends Disposable {
  readonly folder: string;
  /** Drawn by lot when it was made. */
  readonly id: string;
  /** Sizes of the hosts whose rows are in it. */
  readonly sizes: Map<string, HostSizes>;
  /** Batches of an epoch whose rows of a day are in it already. */
  taken(place: LakePlace, epoch: string): Promise<SequenceRanges>;
  /**
   * Highest sequence of an epoch in it; null when it has nothing of that kind and host.
   * @param next sequence that came: what lies right before it is looked for first
   */
  readHighest(kind: string, host: string, epoch: string, next: number): Promise<number | null>;
  /** Writes a file; durable when it resolves. @returns its bytes @throws RuvectorError `ERR_FLEET_LAKE` */
  write(place: LakePlace, epoch: string, stretch: Stretch, rows: arrow.RecordBatch): Promise<number>;
  /** Keeps `sizes`. @throws RuvectorError `ERR_FLEET_LAKE` */
  saveSizes(): Promise<void>;
}

const NAME = /^(?<epoch>[a-z0-9]{6,32})-(?<first>\d+)-(?<last>\d+)\.parquet$/;
/** Days whose files are known by heart; more are read again. */
const KNOWN_PLACES = 20_000;
/** Newest days in which what came last is looked for, before all. */
const RECENT_DAYS = 3;
/** What an empty folder may hold: its own, and what a file system puts into its root. */
const OF_NOBODY: ReadonlySet<string> = new Set(['_fleet', 'lost+found']);
const FORMAT = 1;

/**
 * Opens a lake; an empty folder, or none, becomes one.
 * @throws RuvectorError `ERR_FLEET_LAKE` when it is another process's, something else, or cannot be written
 */
export async function openLake(folder: string): Promise<Lake> {
  const own = join(folder, '_fleet');
  let lock: FileLock | null = null;
  try {
    const isNew = await isEmpty(folder);
    await makeFolder(own);
    lock = tryLock(join(own, 'lock.db'));
    if (!lock) {
      throw lakeError(folder, 'another collector writes it', 'stop that one, or collect into another folder');
    }
    const id = await readIdentity(own, folder, isNew);
    return new FolderLake(folder, id, lock, await readSizesFile(own));
  } catch (error) {
    lock?.release();
    throw isRuvectorError(error) ? error : unusableLakeError(folder, error);
  }
}

class FolderLake implements Lake {
  readonly folder: string;
  readonly id: string;
  readonly sizes: Map<string, HostSizes>;
  readonly #lock: FileLock;
  readonly #taken = new Map<string, Promise<Map<string, SequenceRanges>>>();

  constructor(folder: string, id: string, lock: FileLock, sizes: Map<string, HostSizes>) {
    this.folder = folder;
    this.id = id;
    this.#lock = lock;
    this.sizes = sizes;
  }

  async taken(place: LakePlace, epoch: string): Promise<SequenceRanges> {
    const path = this.#pathOf(place);
    let epochs = this.#taken.get(path);
    if (!epochs) {
      if (this.#taken.size >= KNOWN_PLACES) this.#taken.clear();
      this.#taken.set(path, (epochs = readTaken(path)));
    }
    const ranges = await epochs.catch((error: unknown) => {
      this.#taken.delete(path);
      throw unusableLakeError(path, error);
    });
    const known = ranges.get(epoch) ?? new SequenceRanges();
    ranges.set(epoch, known);
    return known;
  }

  async readHighest(kind: string, host: string, epoch: string, next: number): Promise<number | null> {
    const folder = join(this.folder, kind, `host=${host}`);
    try {
      const dates = (await readNames(folder)).filter((name) => name.startsWith('date=')).sort();
      let highest = 0;
      // A clock that was ahead leaves days that are newest and no last ones.
      for (let left = dates.reverse(), days = RECENT_DAYS; left.length > 0; days = left.length) {
        const found = await Promise.all(left.slice(0, days).map((date) => readTaken(join(folder, date))));
        const ends = found.map((epochs) => epochs.get(epoch)?.stretches.at(-1)?.last ?? 0);
        highest = Math.max(highest, ...ends);
        if (highest >= next - 1) break;
        left = left.slice(days);
      }
      return dates.length === 0 ? null : highest;
    } catch (error) {
      throw unusableLakeError(folder, error);
    }
  }

  async write(place: LakePlace, epoch: string, stretch: Stretch, rows: arrow.RecordBatch): Promise<number> {
    const folder = this.#pathOf(place);
    const path = join(folder, `${epoch}-${stretch.first}-${stretch.last}.parquet`);
    try {
      const bytes = encodeParquet(rows);
      await makeFolders(folder);
      await writeDurably(path, bytes, { mode: 0o644, ifUnsynced: 'remove' });
      (await this.taken(place, epoch)).add(stretch.first, stretch.last);
      return bytes.length;
    } catch (error) {
      throw unusableLakeError(path, error);
    }
  }

  async saveSizes(): Promise<void> {
    const path = join(this.folder, '_fleet', 'hosts.json');
    try {
      await writeDurably(path, `${JSON.stringify(Object.fromEntries(this.sizes), null, 1)}\n`);
    } catch (error) {
      throw unusableLakeError(path, error);
    }
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }

  #pathOf({ kind, host, date }: LakePlace): string {
    return join(this.folder, kind, `host=${host}`, `date=${date}`);
  }
}

/** Several files of one host may be written at a time. */
async function makeFolders(folder: string): Promise<void> {
  const highest = await makeFolder(folder);
  if (highest === undefined) return;
  // Until their names last, a file in them does not either.
  for (let made = folder; made.length >= highest.length; made = dirname(made))
    await syncFolder(dirname(made));
}

function encodeParquet(rows: arrow.RecordBatch): Buffer {
  const frame = loadPolars().readIPC(Buffer.from(arrow.tableToIPC(new arrow.Table(rows), 'file')));
  return frame.writeParquet({ compression: 'zstd' });
}

async function readTaken(path: string): Promise<Map<string, SequenceRanges>> {
  const found = new Map<string, SequenceRanges>();
  for (const name of await readNames(path)) {
    const groups = NAME.exec(name)?.groups as Record<'epoch' | 'first' | 'last', string> | undefined;
    // What a killed collector left of a file that was not whole.
    if (name.endsWith(temporarySuffix)) await rm(join(path, name), { force: true });
    if (!groups) continue;
    const ranges = found.get(groups.epoch) ?? new SequenceRanges();
    ranges.add(Number(groups.first), Number(groups.last));
    found.set(groups.epoch, ranges);
  }
  return found;
}

async function readNames(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const isEmpty = async (folder: string): Promise<boolean> =>
  (await readNames(folder)).every((name) => OF_NOBODY.has(name));

async function readIdentity(own: string, folder: string, isNew: boolean): Promise<string> {
  const path = join(own, 'lake.json');
  const kept = await readJson(path, isIdentity, 'put it back from a copy, or collect into another folder');
  if (kept && kept.format === FORMAT) return kept.id;
  if (kept || !isNew) {
    throw lakeError(
      folder,
      kept ? `it is of format ${kept.format}` : 'it holds something else',
      kept ? 'collect with the release that made it' : 'name a folder that is empty, or not there',
    );
  }
  const id = randomBytes(6).toString('hex');
  await writeDurably(path, `${JSON.stringify({ format: FORMAT, id })}\n`);
  return id;
}

async function readSizesFile(own: string): Promise<Map<string, HostSizes>> {
  const path = join(own, 'hosts.json');
  const kept = await readJson(path, areSizes, 'remove it: hosts are entered again as their rows come');
  return new Map(Object.entries(kept ?? {}));
}

const isIdentity = (value: unknown): value is { format: number; id: string } =>
  isObject(value) && typeof value['format'] === 'number' && typeof value['id'] === 'string';

const areSizes = (value: unknown): value is Record<string, HostSizes> =>
  isObject(value) && Object.values(value).every(isHostSizes);

const isHostSizes = (sizes: unknown): boolean =>
  Array.isArray(sizes) &&
  sizes.length === SIZE_COLUMNS.length &&
  sizes.every((size) => size === null || typeof size === 'number');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null when there is none. @throws RuvectorError `ERR_FLEET_LAKE` when it holds something else */
async function readJson<T>(
  path: string,
  isWhole: (value: unknown) => value is T,
  nextStep: string,
): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const value = parseJson(text);
  if (!isWhole(value)) throw lakeError(path, 'it is damaged', nextStep);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
