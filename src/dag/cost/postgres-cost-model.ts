// A cost model of PostgreSQL: what its planner reckons with, from rows of its catalogue, and constants that may be fitted
// to what EXPLAIN (ANALYZE) measured. It reads no database: give it the rows.
import type { CostContext, CostModel, OperatorNode, QueryDag } from '../graph/index.ts';
import { estimateRows } from './cardinality.ts';
import { fitInputError, statisticsError } from './errors.ts';
import { solveNonNegative } from './non-negative-least-squares.ts';
import { countWork, postgresUnits } from './postgres-work.ts';
import type { PostgresUnit } from './postgres-work.ts';
import { Statistics } from './statistics.ts';
import type { PgClassRow, PgStatsRow } from './statistics.ts';

/** What each unit of the planner costs. */
export type PostgresConstants = Readonly<Record<PostgresUnit, number>>;

/** A row of `pg_settings`. */
export interface PgSettingsRow {
  readonly name: string;
  readonly setting: string | number;
}

/** Options of {@link PostgresCostModel}. */
export interface PostgresCostModelOptions {
  /** `SELECT relname, reltuples, relpages FROM pg_class` */
  readonly classes?: readonly PgClassRow[];
  /** `SELECT * FROM pg_stats` */
  readonly columns?: readonly PgStatsRow[];
  /** `SELECT name, setting FROM pg_settings`; others than the five costs are passed over. */
  readonly settings?: readonly PgSettingsRow[];
}

/** Result of {@link PostgresCostModel.fit}. */
export interface PostgresFit {
  /** A model of the same statistics whose costs are ms. */
  readonly model: PostgresCostModel;
  /** Operators that it was fitted to. */
  readonly operators: number;
}

/** PostgreSQL's own: https://www.postgresql.org/docs/current/runtime-config-query.html */
const defaults: PostgresConstants = {
  seq_page_cost: 1,
  random_page_cost: 4,
  cpu_tuple_cost: 0.01,
  cpu_index_tuple_cost: 0.005,
  cpu_operator_cost: 0.0025,
};

/** Estimates operators as PostgreSQL does. */
export class PostgresCostModel implements CostModel {
  #unit = 'PostgreSQL cost units';
  #constants: PostgresConstants;
  readonly #statistics: Statistics;
  readonly #options: PostgresCostModelOptions;

  /** @throws RuvectorError `ERR_DAG_STATISTICS` for a row that cannot be */
  constructor(options: PostgresCostModelOptions = {}) {
    this.#options = options;
    this.#statistics = new Statistics(options.classes, options.columns);
    this.#constants = { ...defaults, ...readConstants(options.settings ?? []) };
  }

  get unit(): string {
    return this.#unit;
  }

  get constants(): PostgresConstants {
    return this.#constants;
  }

  estimateCardinality(op: OperatorNode, context: CostContext): number {
    return estimateRows(op, context, this.#statistics);
  }

  estimateCost(op: OperatorNode, context: CostContext): number {
    const work = countWork(op, context, this.estimateCardinality(op, context), this.#statistics);
    return postgresUnits.reduce((cost, unit) => cost + (work[unit] ?? 0) * this.#constants[unit], 0);
  }

  /** 1: the constants have it all. */
  platformOverhead(): number {
    return 1;
  }

  /**
   * Fits the constants to the times of operators, by non-negative least squares: each operator counts by its error in
   * proportion to its time plus the median time. A unit that no plan uses costs 0 then.
   * @param plans with `actualRows` and `exclusiveMs`; operators that were not measured, or never ran, are passed over
   * @throws RuvectorError `ERR_DAG_FIT` for fewer measured operators than there are units
   */
  fit(plans: readonly QueryDag[]): PostgresFit {
    const measured = plans.flatMap((plan) => this.#measure(plan));
    if (measured.length < postgresUnits.length) {
      throw fitInputError(`it takes ${postgresUnits.length} operators, and ${measured.length} were measured`);
    }
    const sorted = measured.map(({ ms }) => ms).sort((a, b) => a - b);
    const typical = sorted[sorted.length >> 1]! || 1;
    const rows = measured.map(({ work, ms }) => work.map((count) => count / (ms + typical)));
    const { solution } = solveNonNegative(
      rows,
      measured.map(({ ms }) => ms / (ms + typical)),
    );
    const model = new PostgresCostModel(this.#options);
    model.#unit = 'ms';
    model.#constants = Object.fromEntries(
      postgresUnits.map((unit, at) => [unit, solution[at]!]),
    ) as unknown as PostgresConstants;
    return { model, operators: measured.length };
  }

  /** What each operator did, with the rows that came, and how long it took. */
  #measure(plan: QueryDag): { work: number[]; ms: number }[] {
    return plan.nodes().flatMap((op) => {
      const inputs = plan.parents(op.id).map((id) => plan.node(id));
      const { actualRows, exclusiveMs } = op.facts;
      const isMeasured = inputs.every(({ facts }) => facts.actualRows !== undefined);
      if (actualRows === undefined || exclusiveMs === undefined || !isMeasured) return [];
      if (op.details['loops'] === 0) return [];
      const inputRows = inputs.map(({ facts }) => facts.actualRows!);
      const inputRowBytes = inputs.map(({ facts }) => facts.rowBytes ?? 0);
      const work = countWork(op, { inputs, inputRows, inputRowBytes }, actualRows, this.#statistics);
      return [{ work: postgresUnits.map((unit) => work[unit] ?? 0), ms: exclusiveMs }];
    });
  }
}

function readConstants(settings: readonly PgSettingsRow[]): Partial<PostgresConstants> {
  const known = settings.filter(({ name }) => postgresUnits.some((unit) => unit === name));
  return Object.fromEntries(
    known.map(({ name, setting }) => {
      const value = typeof setting === 'string' && setting.trim() === '' ? NaN : Number(setting);
      if (!Number.isFinite(value) || value < 0) throw statisticsError(name, 'setting', setting);
      return [name, value];
    }),
  );
}
