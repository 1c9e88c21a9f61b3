// The export document's Anonymizer: keyed hashes of names, stripped text, coarse times and k-anonymity,
// for single values, for rows and for whole tables. For a release that ends; see createLiveAnonymizer
// for streams.
import {
  buildRecordBatch,
  completeOptions,
  findProblems,
  processKind,
  recordKinds,
  rowsOf,
  loadPolars,
} from '../core/index.ts';
import type { AnyRow, OptionValues, ProcessRecord, RecordKind } from '../core/index.ts';
import { prepareOptionsError } from './errors.ts';
import { PlanBuilder } from './anonymization-plan.ts';
import type { AnonymizationPlan, PlanOptions } from './anonymization-plan.ts';
import { anonymizerOptions } from './anonymizer-options.ts';
import { stripText } from './free-text.ts';
import { computeNow, readPartitions } from './read-partitions.ts';
import type { FramePartition, PlanPartitionsOptions } from './read-partitions.ts';
import { toArrow, toFrame } from './polars-frame.ts';
import type { PrivacyReport } from './privacy-report.ts';
import { createReleaseKey, hashText } from './release-key.ts';
import type { ReleaseKey } from './release-key.ts';

/** Options of {@link createAnonymizer}. Times are rounded down further where a group would be too small. */
export interface AnonymizerOptions extends OptionValues<typeof anonymizerOptions> {
  /** 32 bytes. Unset is a random key, which is wiped with the release. Given, the caller keeps it. */
  readonly key?: Uint8Array | undefined;
}

/** A process record as it is released. `name_hash` is null where its group would be too small. */
export type ReleasedProcessRecord = Omit<ProcessRecord, 'name' | 'start_time_ticks'> & {
  name_hash: string | null;
  time_precision_ms: number;
};

/** Rows that were anonymised, and what it took. */
export interface AnonymizedRows {
  readonly rows: ReleasedProcessRecord[];
  readonly report: PrivacyReport;
}

/** Anonymises one release. After `destroyKey` everything that needs the key throws. */
export interface Anonymizer extends Disposable {
  /** First 64 bits of HMAC-SHA-256(key, name) as 16 hexadecimal digits, as releases hold them. @throws PrivacyError `ERR_PREPARE_KEY_DESTROYED` */
  hashProcessName(name: string): string;
  /** Takes paths, addresses, host names and secrets out of a text, or of every free-text column of a record. */
  stripPaths(text: string): string;
  stripPaths<R extends AnyRow>(record: R): R;
  /** A time in ms since the epoch, rounded down to the precision. */
  generalizeTime(timeMs: number): number;
  /**
   * Generalises, then suppresses, until every group has k rows.
   * @throws PrivacyError `ERR_PREPARE_PRIVACY_K` when too many rows would be suppressed
   */
  kAnonymize(rows: readonly ProcessRecord[], k?: number): AnonymizedRows;
  /**
   * Reads a table once and decides what becomes of its rows; read it again through `plan.applyFrame`.
   * @param partitions the table in time order: `history.partitions(…)`, or frames of your own
   * @throws PrivacyError `ERR_PREPARE_PRIVACY_K`, `ERR_PREPARE_KEY_DESTROYED`; the signal's reason at once, while what
   *   runs ends by itself within one partition
   */
  planPartitions(
    kind: RecordKind,
    partitions: readonly FramePartition[],
    options?: PlanPartitionsOptions,
  ): Promise<AnonymizationPlan>;
  /** Overwrites the key. */
  destroyKey(): void;
}

/**
 * An anonymizer for one release.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` with every mistake
 */
export function createAnonymizer(options: AnonymizerOptions = {}): Anonymizer {
  const plans: PlanOptions = completeOptions(anonymizerOptions, options);
  const { k, timePrecisionMs } = plans;
  validate(plans);
  const key = createReleaseKey(options.key);
  return {
    hashProcessName: (name) => hashText(key, name),
    stripPaths: stripAny as Anonymizer['stripPaths'],
    generalizeTime: (timeMs) => Math.floor(timeMs / timePrecisionMs) * timePrecisionMs,
    kAnonymize: (rows, wanted = k) => kAnonymizeRows(key, { ...plans, k: wanted }, rows),
    planPartitions: async (kind, partitions, planned) =>
      readPartitions(new PlanBuilder(kind, key, plans), partitions, planned),
    destroyKey: () => key.destroy(),
    [Symbol.dispose]: () => key.destroy(),
  };
}

function kAnonymizeRows(
  key: ReleaseKey,
  options: PlanOptions,
  rows: readonly ProcessRecord[],
): AnonymizedRows {
  validate(options);
  const builder = new PlanBuilder(processKind, key, options);
  const frame = toFrame(loadPolars(), buildRecordBatch(processKind, rows));
  computeNow(builder.read(frame));
  const plan = builder.finish();
  const { batches } = toArrow(plan.applyFrame(frame).collectSync());
  const released = batches.flatMap((batch) => rowsOf(plan.kind, batch));
  return { rows: released as unknown as ReleasedProcessRecord[], report: plan.report };
}

const freeTextColumns: ReadonlySet<string> = new Set(
  Object.values(recordKinds).flatMap(({ fields }) =>
    fields.filter(({ privacy }) => privacy === 'free-text').map(({ name }) => name),
  ),
);

function stripAny(value: string | AnyRow): string | AnyRow {
  if (typeof value === 'string') return stripText(value);
  const stripped = Object.entries(value).map(([name, column]) =>
    typeof column === 'string' && freeTextColumns.has(name) ? [name, stripText(column)] : [name, column],
  );
  return Object.fromEntries(stripped) as AnyRow;
}

function validate(plans: PlanOptions): void {
  const problems = findProblems(anonymizerOptions, { ...plans });
  if (problems.length > 0) throw prepareOptionsError('an anonymizer', problems);
}
