// Anonymising a table in two passes. The first counts groups and decides (PlanBuilder), the second turns frames into
// what is released (AnonymizationPlan). Both are Polars plans; what comes to JavaScript is groups, never rows.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { RecordKind, Polars } from '../core/index.ts';
import type { TreatedColumn } from './column-treatment.ts';
import { BootBases, ProcessBases } from './counter-bases.ts';
import type { CounterBases } from './counter-bases.ts';
import { stalePlanError, tooFewAlikeError } from './errors.ts';
import { GroupTable } from './group-table.ts';
import { expressionsOf } from './plan-expressions.ts';
import type { PlanExpressions } from './plan-expressions.ts';
import type { AddColumns, Queries } from './polars-frame.ts';
import { buildPrivacyReport, withKeyState } from './privacy-report.ts';
import type { PrivacyReport } from './privacy-report.ts';
import { NameAttributes, SizeAttributes, noAttributes } from './quasi-attributes.ts';
import type { QuasiAttributes } from './quasi-attributes.ts';
import { QuasiGroups, buildLadder } from './quasi-groups.ts';
import type { GroupDecision } from './quasi-groups.ts';
import { isUnplanned, textTreatments } from './release-column.ts';
import type { ReleaseKey } from './release-key.ts';
import { shuffledNumbers } from './shuffle.ts';
import { TextTable } from './text-table.ts';
import { buildTimeLevels } from './time-levels.ts';

/** What is decided about a table, ready to be applied to its rows. */
export interface AnonymizationPlan {
  /** The kind of what is released. */
  readonly kind: RecordKind;
  /** As of now: `key` changes when the key is destroyed. */
  readonly report: PrivacyReport;
  /** Rows that are released. */
  readonly rowCount: number;
  /**
   * Releases planned rows: all columns of their kind in, those of `kind` out, in the same order. Rows may be cut into
   * frames otherwise than in the first pass; those of one frame must be in time order. Nothing is computed yet: a frame
   * with a row that was not planned fails when it is, with an error that `explain` knows.
   * @throws PrivacyError `ERR_PREPARE_KEY_DESTROYED` once the key is gone
   */
  applyFrame(frame: LazyDataFrame): LazyDataFrame;
  /**
   * What a computation failed with, in our words: PrivacyError `ERR_PREPARE_PRIVACY_STALE` for a row that was not
   * planned; any other error is given back as it is.
   */
  explain(error: unknown): unknown;
  /** Destroys the key of this plan and of every other plan of the same anonymizer. */
  destroyKey(): void;
}

/** Parameters of a plan. */
export interface PlanOptions {
  readonly k: number;
  readonly timePrecisionMs: number;
  readonly maxSuppressedShare: number;
}

/** The first pass: read every part of the table, then `finish`. */
export class PlanBuilder {
  readonly #kind: RecordKind;
  readonly #options: PlanOptions;
  readonly #key: ReleaseKey;
  readonly #expressions: PlanExpressions;
  readonly #attributes: QuasiAttributes;
  readonly #groups: GroupTable;
  readonly #texts: TextTable | null;
  readonly #bases: CounterBases | null;

  constructor(kind: RecordKind, key: ReleaseKey, options: PlanOptions) {
    key.assertUsable();
    this.#kind = kind;
    this.#options = options;
    this.#key = key;
    const polars = loadPolars();
    const expressions = expressionsOf(polars, kind, options.timePrecisionMs);
    this.#expressions = expressions;
    this.#attributes = buildAttributes(expressions.columns, key);
    const groups = new QuasiGroups(options.timePrecisionMs);
    this.#groups = new GroupTable(polars, expressions.groups, this.#attributes, groups);
    this.#texts = buildTexts(polars, expressions, key);
    this.#bases = buildBases(polars, expressions, key);
  }

  /** Rows read so far. */
  get rows(): number {
    return this.#groups.groups.rows;
  }

  /** Takes the next part of the table, in time order. */
  *read(frame: LazyDataFrame): Queries {
    // Computed first: files are decoded once.
    const part = (yield frame.select(this.#expressions.read)).lazy();
    yield* this.#groups.read(part);
    if (this.#texts) yield* this.#texts.read(part);
    if (this.#bases) yield* this.#bases.read(part);
  }

  /** @throws PrivacyError `ERR_PREPARE_PRIVACY_K` when too many rows would have to be suppressed */
  finish(): AnonymizationPlan {
    const table = this.#kind.name;
    const { k, timePrecisionMs } = this.#options;
    const { groups } = this.#groups;
    const levels = buildTimeLevels(timePrecisionMs, ...groups.range());
    const decision = groups.decide(buildLadder(levels, this.#attributes.levels), this.#attributes, k);
    refuseTooFew(table, decision, this.#options);
    const { columns, kind } = this.#expressions;
    const report = buildPrivacyReport({ table, k, timePrecisionMs, columns, decision });
    const key = this.#key;
    const release = this.#buildRelease(decision);
    return {
      kind,
      get report() {
        return withKeyState(report, key.state);
      },
      rowCount: report.rows.released,
      applyFrame(frame) {
        key.assertUsable();
        return release(frame);
      },
      explain: (error) => (isUnplanned(error) ? stalePlanError(table, error) : error),
      destroyKey: () => key.destroy(),
    };
  }

  #buildRelease(decision: GroupDecision): AddColumns {
    const { isReleased, changed, columns } = this.#expressions.release;
    const joins = [this.#groups.finish(decision)];
    if (this.#texts) joins.push(this.#texts.finish());
    if (this.#bases) joins.push(this.#bases.finish());
    return (frame) =>
      joins
        .reduce((joined, join) => join(joined), frame)
        .filter(isReleased)
        .withColumns(...changed)
        .select(columns);
  }
}

function buildAttributes(columns: readonly TreatedColumn[], key: ReleaseKey): QuasiAttributes {
  const name = columns.find(({ treatment }) => treatment === 'name');
  if (name) return new NameAttributes(name.field.name, key);
  const sizes = columns.filter(({ treatment }) => treatment === 'size');
  return sizes.length > 0 ? new SizeAttributes(sizes) : noAttributes;
}

function buildTexts(polars: Polars, { texts, columns }: PlanExpressions, key: ReleaseKey): TextTable | null {
  if (!texts) return null;
  const treatments = new Map(columns.map(({ field, treatment }) => [field.name, textTreatments[treatment]]));
  return new TextTable(polars, texts, (column, text) => treatments.get(column)!(text, column, key));
}

function buildBases(
  polars: Polars,
  { processes, boots }: PlanExpressions,
  key: ReleaseKey,
): CounterBases | null {
  if (boots) return new BootBases(polars, boots);
  return processes && new ProcessBases(polars, processes, (length) => shuffledNumbers(length, key));
}

function refuseTooFew(
  table: string,
  { rows, releasedRows, smallestClass, classes }: GroupDecision,
  { k, timePrecisionMs, maxSuppressedShare }: PlanOptions,
): void {
  const suppressed = rows - releasedRows;
  if (suppressed <= rows * maxSuppressedShare) return;
  throw tooFewAlikeError(
    { table, k, rows, suppressed, released: releasedRows, groups: classes, reached: smallestClass },
    maxSuppressedShare,
    timePrecisionMs,
  );
}
