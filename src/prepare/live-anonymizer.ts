// Anonymises rows of a stream one by one, by the same rules as a release: hashed names, numbered processes,
// coarse sizes, counters from their first value, error codes for free text. Time stays exact unless asked
// otherwise, and no k is promised: who follows a stream knows when things happen, and rows cannot wait
// until others look like them.
import { recordKinds } from '../core/index.ts';
import type { AnyRow, HistoryKind, RecordKind } from '../core/index.ts';
import { coarseSize } from './coarse-size.ts';
import { buildLiveKind, totalOfFree, treatColumns } from './column-treatment.ts';
import type { TreatedColumn, Treatment } from './column-treatment.ts';
import { prepareOptionsError } from './errors.ts';
import { codesIn } from './free-text.ts';
import { knownWords } from './release-column.ts';
import { createReleaseKey, hashText } from './release-key.ts';
import type { ReleaseKey } from './release-key.ts';

/** Options of {@link createLiveAnonymizer}. */
export interface LiveAnonymizerOptions {
  /** 32 bytes. @default a random key, so that two runs cannot be joined */
  readonly key?: Uint8Array | undefined;
  /** Times are rounded down to this. @default 1, exact */
  readonly timePrecisionMs?: number | undefined;
}

/** Anonymises rows as they come. Rows that come again look as they did before. */
export interface LiveAnonymizer extends Disposable {
  /** The kind of the anonymised rows. */
  kindOf(table: HistoryKind): RecordKind;
  /** Anonymised copies. @throws PrivacyError `ERR_PREPARE_KEY_DESTROYED` */
  apply(table: HistoryKind, rows: readonly AnyRow[]): AnyRow[];
  destroyKey(): void;
}

/** Processes remembered are between this many and twice as many; those not seen for longest are forgotten. */
const PROCESS_GENERATION = 16_384;

/**
 * An anonymizer for streams.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS`
 */
export function createLiveAnonymizer(options: LiveAnonymizerOptions = {}): LiveAnonymizer {
  const { timePrecisionMs = 1 } = options;
  if (!Number.isSafeInteger(timePrecisionMs) || timePrecisionMs < 1) {
    const problem = `timePrecisionMs is ${timePrecisionMs}, wanted a whole number from 1`;
    throw prepareOptionsError('a live anonymizer', [problem]);
  }
  const key = createReleaseKey(options.key);
  const tables: Record<HistoryKind, LiveRows> = {
    memory: new LiveRows(recordKinds['memory']!, key, timePrecisionMs),
    process: new LiveRows(recordKinds['process']!, key, timePrecisionMs),
    optimization: new LiveRows(recordKinds['optimization']!, key, timePrecisionMs),
  };
  return {
    kindOf: (table) => tables[table].kind,
    apply: (table, rows) => {
      key.assertUsable();
      return rows.map((row) => tables[table].apply(row));
    },
    destroyKey: () => key.destroy(),
    [Symbol.dispose]: () => key.destroy(),
  };
}

/** What is remembered of one process, or of the host. */
interface Owner {
  readonly number: number;
  /** First value of each counter, by column. */
  readonly first: Record<string, number>;
}

interface LiveContext {
  readonly row: AnyRow;
  readonly owner: Owner;
  readonly key: ReleaseKey;
  readonly timePrecisionMs: number;
}

type Value = AnyRow[string];
type Release = (value: NonNullable<Value>, column: string, context: LiveContext) => Value;

const releases: Readonly<Record<Treatment, Release>> = {
  keep: (value) => value,
  time: (value, _column, { timePrecisionMs }) =>
    Math.floor(Number(value) / timePrecisionMs) * timePrecisionMs,
  size: (value) => coarseSize(Number(value), 0),
  'free-of-size': (value, column, { row }) => {
    const total = row[totalOfFree[column]!] ?? null;
    return total === null ? null : Number(value) + coarseSize(Number(total), 0) - Number(total);
  },
  name: (value, _column, { key }) => key.hash(String(value)),
  'process-number': (_value, _column, { owner }) => owner.number,
  counter(value, column, { owner }) {
    const since = Number(value) - (owner.first[column] ??= Number(value));
    return since >= 0 ? since : null;
  },
  codes: (value) => codesIn(String(value)),
  vocabulary: (value, column) => knownWords(column, String(value)),
  'text-hash': (value, _column, { key }) => hashText(key, String(value)),
  remove: () => null,
};

class LiveRows {
  readonly kind: RecordKind;
  readonly #key: ReleaseKey;
  readonly #timePrecisionMs: number;
  readonly #columns: readonly TreatedColumn[];
  readonly #hasProcesses: boolean;
  #recent = new Map<string, Owner>();
  #older = new Map<string, Owner>();

  constructor(kind: RecordKind, key: ReleaseKey, timePrecisionMs: number) {
    const columns = treatColumns(kind);
    this.kind = buildLiveKind(kind, columns);
    this.#columns = columns.filter(({ released }) => released !== null);
    this.#hasProcesses = columns.some(({ treatment }) => treatment === 'process-number');
    this.#key = key;
    this.#timePrecisionMs = timePrecisionMs;
  }

  apply(row: AnyRow): AnyRow {
    const owner = this.#ownerOf(row);
    const context = { row, owner, key: this.#key, timePrecisionMs: this.#timePrecisionMs };
    const released: AnyRow = {};
    for (const { field, treatment, released: to } of this.#columns) {
      const value = row[field.name] ?? null;
      released[to!.name] = value === null ? null : releases[treatment](value, field.name, context);
    }
    return released;
  }

  #ownerOf(row: AnyRow): Owner {
    const id = this.#hasProcesses ? `${row['pid']} ${row['start_time_ticks']}` : '';
    const known = this.#recent.get(id);
    if (known) return known;
    const owner = this.#older.get(id) ?? { number: this.#numberOf(id), first: {} };
    if (this.#recent.size >= PROCESS_GENERATION) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, owner);
    return owner;
  }

  /** 31 bits of a keyed hash: the same process gets the same number however often it is forgotten. */
  #numberOf(id: string): number {
    return Number(this.#key.hash(`process ${id}`) >> 33n);
  }
}
