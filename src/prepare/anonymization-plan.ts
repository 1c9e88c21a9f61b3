// Anonymising a table in two passes. The first counts groups and decides (PlanBuilder), the second turns
// batches into what is released (AnonymizationPlan). Columnar, memory bounded by groups and processes.
import type * as arrow from 'apache-arrow';
import { takeRows, toArrowSchema, buildBatch, readNumbers } from '../core/index.ts';
import type { BatchTransform, RecordKind } from '../core/index.ts';
import { buildReleasedKind } from './column-treatment.ts';
import { columnOf } from './column-values.ts';
import { stalePlanError, tooFewAlikeError } from './errors.ts';
import { buildPairTable } from './pair-table.ts';
import { decodePlanState, encodePlanState } from './plan-state.ts';
import { attributesOf, buildTables } from './plan-tables.ts';
import type { PlanTables, SavedTables } from './plan-tables.ts';
import { buildPrivacyReport, withKeyState } from './privacy-report.ts';
import type { PrivacyReport } from './privacy-report.ts';
import { QuasiGroups, SUPPRESSED, buildLadder, rungsOf } from './quasi-groups.ts';
import type { GroupDecision, Rung } from './quasi-groups.ts';
import { releaseColumn, releaseTimePrecision } from './release-column.ts';
import type { ReleaseKey } from './release-key.ts';
import { restoreReleaseKey } from './release-key.ts';
import { shuffledNumbers } from './shuffle.ts';
import { buildTimeLevels } from './time-levels.ts';

/** What is decided about a table, ready to be applied to its batches. */
export interface AnonymizationPlan extends BatchTransform {
  /** As of now: `key` changes when the key is destroyed. */
  readonly report: PrivacyReport;
  /** Rows that are released. */
  readonly rowCount: number;
  /**
   * Releases a batch of the planned rows. Pure: batches may be cut otherwise than in the first pass.
   * @throws PrivacyError `ERR_PREPARE_PRIVACY_STALE` for a row that was not planned,
   * `ERR_PREPARE_KEY_DESTROYED` once the key is gone
   */
  apply(batch: arrow.RecordBatch): arrow.RecordBatch;
  /** Everything `restoreAnonymizationPlan` needs. It holds the key: keep it with mode 0600 and delete it. */
  toState(): string;
  /** Destroys the key of this plan and of every other plan of the same anonymizer. */
  destroyKey(): void;
}

/** Parameters of a plan. */
export interface PlanOptions {
  readonly k: number;
  readonly timePrecisionMs: number;
  readonly maxSuppressedShare: number;
}

/** The first pass: add every batch, then `finish`. */
export class PlanBuilder {
  readonly #kind: RecordKind;
  readonly #options: PlanOptions;
  readonly #tables: PlanTables;
  readonly #groups: QuasiGroups;

  constructor(kind: RecordKind, key: ReleaseKey, options: PlanOptions) {
    this.#kind = kind;
    this.#options = options;
    this.#tables = buildTables(kind, key, {});
    this.#groups = new QuasiGroups(options.timePrecisionMs);
  }

  add(batch: arrow.RecordBatch): void {
    const { processes, boots } = this.#tables;
    const times = timesOf(batch);
    this.#groups.add(times, attributesOf(this.#tables).idsOf(batch));
    processes?.add(batch);
    boots?.add(batch, times);
  }

  /** @throws PrivacyError `ERR_PREPARE_PRIVACY_K` when too many rows would have to be suppressed */
  finish(): AnonymizationPlan {
    const table = this.#kind.name;
    const { k, timePrecisionMs, maxSuppressedShare } = this.#options;
    const attributes = attributesOf(this.#tables);
    const levels = buildTimeLevels(timePrecisionMs, ...this.#groups.range());
    const decision = this.#groups.decide(buildLadder(levels, attributes.levels), attributes, k);
    refuseTooFew(table, decision, this.#options, maxSuppressedShare);
    this.#tables.names?.freeze();
    const { columns, key } = this.#tables;
    this.#tables.processes?.deal((length) => shuffledNumbers(length, key));
    const report = buildPrivacyReport({ table, k, timePrecisionMs, columns, decision });
    return buildPlan(this.#kind, this.#tables, { decision, timePrecisionMs, report });
  }
}

interface Decided {
  readonly decision: Pick<GroupDecision, 'groups' | 'rungOf' | 'rungs'>;
  readonly timePrecisionMs: number;
  readonly report: Omit<PrivacyReport, 'key'>;
}

function buildPlan(native: RecordKind, tables: PlanTables, decided: Decided): AnonymizationPlan {
  const { key, columns } = tables;
  const kind = buildReleasedKind(native, columns);
  return {
    kind,
    get report() {
      return withKeyState(decided.report, key.state);
    },
    rowCount: decided.report.rows.released,
    apply: (batch) => applyPlan(kind, tables, decided, batch),
    toState: () => encodePlanState(native, stateOf(tables, decided)),
    destroyKey: () => key.destroy(),
  };
}

function applyPlan(
  kind: RecordKind,
  tables: PlanTables,
  { decision, timePrecisionMs, report }: Decided,
  batch: arrow.RecordBatch,
): arrow.RecordBatch {
  tables.key.assertUsable();
  const times = timesOf(batch);
  const ids = attributesOf(tables).idsOf(batch);
  const rungs = rungsOf(decision, timePrecisionMs, times, ids);
  const owners = (tables.processes ?? tables.boots)?.ownersOf(batch, times) ?? new Int32Array(0);
  if (rungs === null || owners.includes(-1)) throw stalePlanError(report.table);
  const schema = toArrowSchema(kind);
  const context = { batch, tables, times, ids, rungs, ladder: decision.rungs, owners, schema };
  const released = tables.columns.filter((column) => column.released !== null);
  const children = released.map((column) => releaseColumn(column, context));
  children.push(releaseTimePrecision(context));
  return takeRows(buildBatch(schema, batch.numRows, children), keptRows(rungs));
}

function keptRows(rungs: Uint8Array): Uint32Array {
  const rows = new Uint32Array(rungs.length);
  let kept = 0;
  for (let i = 0; i < rungs.length; i++) if (rungs[i] !== SUPPRESSED) rows[kept++] = i;
  return rows.subarray(0, kept);
}

function timesOf(batch: arrow.RecordBatch): Float64Array {
  return readNumbers(columnOf(batch, 'timestamp'));
}

function stateOf(tables: PlanTables, decided: Decided): Record<string, unknown> {
  const [buckets, ids] = decided.decision.groups.columns();
  return {
    key: tables.key.toBase64(),
    isKept: tables.key.state === 'kept',
    hashes: tables.names?.hashes(),
    sizes: tables.sizes?.sizes(),
    processes: tables.processes?.state(),
    boots: tables.boots?.state(),
    buckets,
    ids,
    rungOf: decided.decision.rungOf,
    rungs: decided.decision.rungs,
    timePrecisionMs: decided.timePrecisionMs,
    report: decided.report,
  };
}

interface SavedPlan extends SavedTables {
  readonly key: string;
  readonly isKept: boolean;
  readonly buckets: Float64Array;
  readonly ids: Float64Array;
  readonly rungOf: Uint8Array;
  readonly rungs: readonly Rung[];
  readonly timePrecisionMs: number;
  readonly report: Omit<PrivacyReport, 'key'>;
}

/**
 * The plan that `toState` saved; it gives the same rows.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a state of another kind or version
 */
export function restoreAnonymizationPlan(kind: RecordKind, state: string): AnonymizationPlan {
  const saved = decodePlanState(kind, state) as unknown as SavedPlan;
  const tables = buildTables(kind, restoreReleaseKey(saved.key, saved.isKept), saved);
  tables.names?.freeze();
  const groups = buildPairTable(saved.buckets, saved.ids);
  return buildPlan(kind, tables, {
    decision: { groups, rungOf: saved.rungOf, rungs: saved.rungs },
    timePrecisionMs: saved.timePrecisionMs,
    report: saved.report,
  });
}

function refuseTooFew(
  table: string,
  { rows, releasedRows, smallestClass, classes }: GroupDecision,
  { k, timePrecisionMs }: PlanOptions,
  maxSuppressedShare: number,
): void {
  const suppressed = rows - releasedRows;
  if (suppressed <= rows * maxSuppressedShare) return;
  throw tooFewAlikeError(
    { table, k, rows, suppressed, released: releasedRows, groups: classes, reached: smallestClass },
    maxSuppressedShare,
    timePrecisionMs,
  );
}
