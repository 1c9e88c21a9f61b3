// What anonymising does to each column of a record kind, decided from the privacy roles of its schema.
// A role without a rule is an error and a text without one is hashed: what is forgotten does not leak.
import { labels, optional, required } from '../core/index.ts';
import type { Field, RecordKind } from '../core/index.ts';

/** How a column is treated. */
export type Treatment =
  | 'keep'
  | 'time' // rounded down
  | 'size' // rounded up to a coarse size
  | 'free-of-size' // what is left of a coarse size: moved with it, so that what is used stays exact
  | 'name' // keyed hash, null for a rare one
  | 'process-number' // a random number for each process of the release
  | 'counter' // counts from its first value in the release
  | 'codes' // free text: error codes only
  | 'vocabulary' // known words only
  | 'text-hash' // other text: keyed hash in hexadecimal
  | 'remove';

/** One column and what becomes of it. */
export interface TreatedColumn {
  readonly field: Field;
  readonly treatment: Treatment;
  /** The column that is released; null when none is. */
  readonly released: Field | null;
}

/**
 * Counters since boot, or since the process started. Those that begin anew within a boot (`own_refault_*` with the
 * optimizer, `cgroup_oom_kill` with the cgroup) are not among them: counted from a first value they would go below 0.
 */
const counters: ReadonlySet<string> = new Set([
  'pgscan_kswapd',
  'pgscan_direct',
  'pgsteal_kswapd',
  'pgsteal_direct',
  'workingset_refault_anon',
  'workingset_refault_file',
  'pswpin',
  'pswpout',
  'pgmajfault',
  'oom_kill',
  'psi_memory_some_us',
  'psi_memory_full_us',
  'psi_io_some_us',
  'psi_io_full_us',
  'psi_cpu_some_us',
  'cpu_time_ms',
  'io_read_bytes',
  'io_write_bytes',
  'minor_faults',
  'major_faults',
]);

/** Words a text column may hold; any other value is released as "other". */
export const vocabularies: Readonly<Record<string, ReadonlySet<string>>> = {
  trigger: new Set(['model', 'rule', 'manual']),
  label: new Set(labels),
  mode: new Set(['act', 'dry_run']),
  actuator: new Set(['', 'cgroup_reclaim', 'gc', 'process_madvise']),
};

/** The total of which a column is the free part. */
export const totalOfFree: Readonly<Record<string, string>> = { swap_free_kib: 'swap_total_kib' };

/** Columns in the order of the kind. */
export function treatColumns(kind: RecordKind): TreatedColumn[] {
  return kind.fields.map((field) => {
    const treatment = treatmentOf(field);
    return { field, treatment, released: releasedField(field, treatment) };
  });
}

function treatmentOf(field: Field): Treatment {
  const { name, type, privacy } = field;
  if (privacy === 'free-text') return 'codes';
  if (privacy === 'quasi-identifier') return type === 'timestamp' ? 'time' : 'size';
  if (privacy === 'identifier') {
    if (type === 'utf8') return 'name';
    return name === 'pid' ? 'process-number' : 'remove';
  }
  if (type === 'utf8') return name in vocabularies ? 'vocabulary' : 'text-hash';
  if (name in totalOfFree) return 'free-of-size';
  return counters.has(name) ? 'counter' : 'keep';
}

function releasedField(field: Field, treatment: Treatment): Field | null {
  if (treatment === 'remove') return null;
  if (treatment !== 'name') return field;
  const source = 'HMAC-SHA-256 with the key of the release, first 64 bits as 16 hexadecimal digits';
  return optional(`${field.name}_hash`, 'utf8', `keyed hash of the ${field.unit.split(',')[0]}`, source);
}

/** How exact a row's time is: its true time is at or after `timestamp` and earlier than this much later. */
export const timePrecisionField = required('time_precision_ms', 'int64', 'ms', 'anonymizer');

/** The kind of a planned release: the treated columns, then `time_precision_ms`. */
export function buildReleasedKind(kind: RecordKind, columns: readonly TreatedColumn[]): RecordKind {
  const fields = columns.flatMap(({ released }) => released ?? []);
  return { name: `${kind.name}_anonymous`, version: kind.version, fields: [...fields, timePrecisionField] };
}

/** The kind of a live stream: the same without `time_precision_ms`, and every row has its hash, as a number. */
export function buildLiveKind(kind: RecordKind, columns: readonly TreatedColumn[]): RecordKind {
  const fields = columns.flatMap(({ released, treatment, field }): readonly Field[] | Field => {
    if (released === null) return [];
    return treatment === 'name' ? { ...released, type: 'uint64', nullable: field.nullable } : released;
  });
  return { name: `${kind.name}_anonymous`, version: kind.version, fields };
}
