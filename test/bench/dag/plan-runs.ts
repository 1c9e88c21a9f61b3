// Runs of real queries, as plans before and after: what the planner expects of each, and what each operator took.
import { Client } from 'pg';
import { parsePostgresExplain, QueryDag } from '../../../src/dag/index.ts';
import type { OperatorFacts } from '../../../src/dag/index.ts';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';
import { createRandom } from '../../support/random.ts';
import { shopQueries, shopTables } from './shop-queries.ts';

/** One execution. */
export interface PlanRun {
  readonly template: string;
  /** With what was measured. */
  readonly run: QueryDag;
}

const DRAWS = 10;

/** Runs each template with parameters of its own, in rounds, each after a run that warms the cache. */
export async function runShopQueries(seed: number): Promise<PlanRun[]> {
  await using server = await startPostgres();
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(shopTables);
    await client.query('set jit = off; set max_parallel_workers_per_gather = 0');
    const random = createRandom(seed);
    const runs: PlanRun[] = [];
    for (let round = 0; round < DRAWS; round++) {
      for (const { name, sql } of shopQueries) {
        const text = sql((end) => Math.floor(random() * end));
        if (round === 0) await client.query(`explain (analyze) ${text}`);
        const { rows } = await client.query<Record<string, unknown>>(
          `explain (analyze, format json) ${text}`,
        );
        runs.push({ template: name, run: parsePostgresExplain(rows[0]) });
      }
    }
    return runs;
  } finally {
    await client.end();
  }
}

/** The plan as it was before it ran. */
export function forgetRun(run: QueryDag): QueryDag {
  return mapPlan(run, () => nothing);
}

/** The plan of a run, with what an earlier run of the same shape took; null when its shape was another one. */
export function rememberRun(run: QueryDag, earlier: QueryDag): QueryDag | null {
  const shapeOf = (dag: QueryDag): string =>
    JSON.stringify([dag.nodes().map(({ id, type }) => [id, type]), dag.edges()]);
  if (shapeOf(run) !== shapeOf(earlier)) return null;
  return mapPlan(run, (id) => {
    const { actualRows, exclusiveMs, serviceRate, selectivity } = earlier.node(id).facts;
    return { actualRows, exclusiveMs, serviceRate, selectivity };
  });
}

/** What only a run tells; all of it, so that no forecast sees the run that it foretells. */
type Measured = Pick<Required<OperatorFacts>, 'actualRows' | 'exclusiveMs' | 'serviceRate' | 'selectivity'>;

const nothing: Measured = {
  actualRows: undefined,
  exclusiveMs: undefined,
  serviceRate: undefined,
  selectivity: undefined,
};

function mapPlan(dag: QueryDag, facts: (id: number) => Measured): QueryDag {
  const mapped = new QueryDag();
  for (const node of dag.nodes()) mapped.addNode(node.with(facts(node.id)));
  for (const { from, to, rate } of dag.edges()) mapped.addEdge(from, to, { rate });
  return mapped;
}
