// The ways a query may be run: the default, and a few settings that steer the planner away from one kind of operator. They
// change how rows are found, never which.
import type { SteeringArm } from './database.ts';

/** The arm that changes nothing. */
export const defaultArm = 'default';

const off = (...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [`enable_${name}`, 'off']));

/** Arms of PostgreSQL and PGlite. */
export const postgresArms: readonly SteeringArm[] = [
  { name: defaultArm, settings: {} },
  { name: 'no_nestloop', settings: off('nestloop') },
  { name: 'no_indexscan', settings: off('indexscan', 'indexonlyscan') },
  { name: 'no_hashjoin', settings: off('hashjoin') },
  { name: 'no_bitmapscan', settings: off('bitmapscan') },
  { name: 'no_sorted_index', settings: off('indexscan', 'indexonlyscan', 'incremental_sort', 'nestloop') },
  { name: 'no_mergejoin', settings: off('mergejoin') },
];

/** Arms of DuckDB, whose hints are parts of its optimizer that are left out. */
export const duckdbArms: readonly SteeringArm[] = [
  { name: defaultArm, settings: {} },
  { name: 'no_join_order', settings: { disabled_optimizers: 'join_order' } },
  { name: 'no_build_side', settings: { disabled_optimizers: 'build_side_probe_side' } },
  { name: 'no_filter_pushdown', settings: { disabled_optimizers: 'filter_pushdown' } },
  { name: 'one_thread', settings: { threads: '1' } },
];

/** Values of hnsw.ef_search that are tried for queries by vector, smallest first. */
export const efSearches = [10, 20, 40, 80, 160, 320] as const;
