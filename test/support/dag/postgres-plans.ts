// Tables and statements whose plans have what plans of PostgreSQL can have: workers, CTEs, InitPlans, SubPlans, parts that
// never run, partitions, recursion, writes.

/** Makes the tables. */
export const planTables = `
  CREATE TABLE o AS SELECT i AS id, i % 1000 AS c, (i * 7919 % 100000) / 100000.0::float8 AS v, md5(i::text) AS t
    FROM generate_series(1, 60000) i;
  ALTER TABLE o ADD PRIMARY KEY (id);
  CREATE INDEX ON o (c);
  CREATE TABLE cu AS SELECT i AS id, md5(i::text) AS n FROM generate_series(1, 1000) i;
  ALTER TABLE cu ADD PRIMARY KEY (id);
  CREATE TABLE pt (a int) PARTITION BY RANGE (a);
  CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
  CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (100) TO (200);
  INSERT INTO pt SELECT i % 200 FROM generate_series(1, 2000) i;
  ANALYZE`;

/** Makes the planner take workers. */
export const withWorkers = `SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0;
  SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;`;

export const planStatements: Readonly<Record<string, string>> = {
  'a join with groups, a sort and a limit':
    'SELECT cu.n, count(*), sum(v) FROM o JOIN cu ON o.c = cu.id WHERE v > 0.5 GROUP BY 1 ORDER BY 2 DESC LIMIT 10',
  'a CTE that is scanned three times, an InitPlan and a SubPlan': `WITH x AS MATERIALIZED (SELECT * FROM o WHERE c < 10)
    SELECT a.id, (SELECT count(*) FROM x WHERE x.c = a.c) FROM x a, x b
    WHERE a.id = b.id AND a.v > (SELECT avg(v) FROM o)`,
  'CTEs whose scans wait for other scans of them': `WITH x AS MATERIALIZED (SELECT * FROM o WHERE c < 10),
    y AS MATERIALIZED (SELECT * FROM x WHERE v < 0.7) SELECT count(*) FROM x a, y b, y d
    WHERE a.id = b.id AND d.id = a.id AND a.v > (SELECT avg(v) FROM y) AND b.v < (SELECT max(v) FROM x WHERE x.c = b.c)`,
  'a SubPlan for each row': 'SELECT id, (SELECT max(v) FROM o WHERE o.c = cu.id) FROM cu WHERE id < 50',
  'a hashed SubPlan': 'SELECT id FROM o WHERE c NOT IN (SELECT id FROM cu WHERE id < 900)',
  'an inner side that never runs': 'SELECT * FROM cu JOIN o ON o.c = cu.id WHERE cu.id < 0',
  'an InitPlan within an InitPlan': 'SELECT * FROM cu WHERE id = (SELECT min(c) FROM o)',
  'an append of partitions': 'SELECT a FROM pt UNION ALL SELECT id FROM cu',
  'a window': 'SELECT id, row_number() OVER (PARTITION BY c ORDER BY v) FROM o WHERE c < 100',
  bitmaps: 'SELECT * FROM o WHERE c = 5 OR c = 7',
  'a recursion':
    'WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t',
  'a write within a CTE': 'WITH d AS (DELETE FROM cu WHERE id > 990 RETURNING id) SELECT count(*) FROM d',
  'a CTE that nobody scans': `WITH d AS (INSERT INTO pt VALUES (1) RETURNING a) SELECT 1`,
  'CTEs of one name, one within the other': `WITH x AS MATERIALIZED (
    WITH x AS MATERIALIZED (SELECT * FROM o WHERE c < 20) SELECT * FROM x WHERE v < 0.5) SELECT count(*) FROM x`,
};

/** Those that take workers. */
export const parallelStatements: Readonly<Record<string, string>> = {
  'a partial aggregate': 'SELECT count(*), sum(v) FROM o WHERE v > 0.1',
  'a parallel hash join below a merge':
    'SELECT o.id, cu.n FROM o JOIN cu ON o.c = cu.id WHERE v > 0.1 ORDER BY o.v',
  'a value for the workers': 'SELECT count(*) FROM o WHERE v > (SELECT avg(v) FROM o)',
};
