// What PostgreSQL knows of its tables, from rows of its catalogue: pg_class, pg_stats.
// https://www.postgresql.org/docs/current/planner-stats.html
import { statisticsError } from './errors.ts';

/** A row of `pg_class`: a table or an index. */
export interface PgClassRow {
  readonly relname: string;
  /** Rows; -1 when it was never analyzed. */
  readonly reltuples: number | string;
  readonly relpages: number | string;
}

/** A row of `pg_stats`. Arrays come as PostgreSQL writes them (`{1,2}`) or as a driver parsed them. */
export interface PgStatsRow {
  readonly tablename: string;
  readonly attname: string;
  readonly null_frac: number;
  readonly avg_width: number;
  /** Values that differ; below 0 their share of the rows. */
  readonly n_distinct: number;
  readonly most_common_vals?: unknown;
  readonly most_common_freqs?: unknown;
  readonly histogram_bounds?: unknown;
  readonly correlation?: number | null;
}

/** What is known of a table or an index. */
export interface TableStatistics {
  readonly rows: number;
  readonly pages: number;
}

/** What is known of a column. */
export interface ColumnStatistics {
  readonly table: string;
  readonly nullShare: number;
  /** Values that differ. */
  readonly distinct: number;
  readonly commonValues: readonly string[];
  readonly commonShares: readonly number[];
  /** Bounds of parts with equally many rows. */
  readonly bounds: readonly string[];
  readonly correlation: number;
}

/** Statistics of tables and columns by name. */
export class Statistics {
  readonly #tables = new Map<string, TableStatistics>();
  readonly #columns = new Map<string, ColumnStatistics[]>();

  /** @throws RuvectorError `ERR_DAG_STATISTICS` for a row that cannot be */
  constructor(classes: readonly PgClassRow[] = [], columns: readonly PgStatsRow[] = []) {
    for (const { relname, reltuples, relpages } of classes) {
      const rows = take(relname, 'reltuples', Number(reltuples), -1);
      // -1 for a table that is all partitions.
      const pages = Math.max(0, take(relname, 'relpages', Number(relpages), -1));
      if (rows >= 0) this.#tables.set(relname, { rows, pages });
    }
    for (const row of columns) {
      const held = this.#columns.get(row.attname) ?? [];
      this.#columns.set(row.attname, [...held, this.#toColumn(row)]);
    }
  }

  table(name: unknown): TableStatistics | undefined {
    return this.#tables.get(String(name).split('.').at(-1)!);
  }

  /** @param name with or without the table before a dot. @param table where the operator reads, if it reads one */
  column(name: string, table?: unknown): ColumnStatistics | undefined {
    const parts = name.replaceAll('"', '').split('.');
    const found = this.#columns.get(parts.at(-1)!) ?? [];
    const isOf = (wanted: unknown) => (column: ColumnStatistics) => column.table === wanted;
    return found.find(isOf(parts.at(-2))) ?? found.find(isOf(table)) ?? found[0];
  }

  #toColumn(row: PgStatsRow): ColumnStatistics {
    const name = `${row.tablename}.${row.attname}`;
    const distinct = take(name, 'n_distinct', row.n_distinct, -1);
    return {
      table: row.tablename,
      nullShare: take(name, 'null_frac', row.null_frac, 0),
      distinct: distinct >= 0 ? distinct : -distinct * (this.table(row.tablename)?.rows ?? 200),
      commonValues: toTexts(row.most_common_vals),
      commonShares: toTexts(row.most_common_freqs).map((share) =>
        take(name, 'most_common_freqs', Number(share), 0),
      ),
      bounds: toTexts(row.histogram_bounds),
      correlation: take(name, 'correlation', row.correlation ?? 0, -1),
    };
  }
}

function take(row: string, field: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw statisticsError(row, field, value);
}

/** An array of PostgreSQL: `{1,"a, b",NULL}`. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function toTexts(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map(String);
  const texts = String(value)
    .slice(1, -1)
    .matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g);
  return Array.from(texts, ([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain!);
}
