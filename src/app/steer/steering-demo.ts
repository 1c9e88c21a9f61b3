// `dag demo`: run after run of real queries on an embedded database, steered from the first one on. Half way a table grows
// fourfold and nobody tells the planner. At the end, statements with parameters that were never run are measured both ways.
import { CriticalPathAttention, DagMinCutEngine, parsePostgresExplain } from '../../dag/index.ts';
import type { HealingOrchestrator, QueryDag } from '../../dag/index.ts';
import { postgresArms, steer } from '../../steer/index.ts';
import type { SteeredClient, SteeredRun, SteeringStatus } from '../../steer/index.ts';
import { compareInterleaved } from './compare.ts';
import type { Comparison } from './compare.ts';
import { demoTemplates, makeProbes, openDemoDatabase, reviewsArrive } from './demo-database.ts';
import { createDemoHealing, describeAttempt, watchedValueOf } from './demo-healing.ts';
import type { OpenDatabase } from './open-database.ts';
import { renderComparison, renderTemplates } from './render.ts';

/** One run of all templates. */
export interface SteeringDemoRun {
  readonly run: number;
  /** Of all queries together. */
  readonly ms: number;
  /** Load over what the plan in use bears, for the slowest template, at a load that its default bore to 70 %. */
  readonly tension: number;
  /** Queries by the arm they got. */
  readonly arms: Readonly<Record<string, number>>;
  /** The operator of that plan with most attention, and its share. */
  readonly attention: { readonly operator: string; readonly share: number };
  readonly healing: readonly string[];
}

/** Everything that was seen. */
export interface SteeringDemoReport {
  readonly runs: readonly SteeringDemoRun[];
  readonly comparison: Comparison;
  readonly vectors: readonly {
    readonly cell: string;
    readonly efSearch: number | null;
    readonly probes: number;
  }[];
  readonly status: SteeringStatus;
  readonly seconds: number;
}

const [RUNS, RUN_OF_CHANGE, RECALL, LOAD] = [64, 16, 0.95, 0.7];
/** Parameters that are run, and the first of those that are held out. */
const [LEARNED, HELD_OUT] = [4, 6];
/** As long as there are runs left to do, the demo takes no longer than this. */
const LONGEST_MS = 75_000;
const WATCHED = 'dearest of a customer';

interface Stage {
  readonly database: OpenDatabase;
  readonly steered: SteeredClient<OpenDatabase['client']['query']>;
  readonly healing: HealingOrchestrator;
  readonly engine: DagMinCutEngine;
  /** Of the watched template's default at the start. */
  readonly queriesPerSecond: number;
  readonly probes: readonly string[];
  /** The last times of each template. */
  readonly recent: Map<string, number[]>;
  last: SteeredRun | null;
}

/** @param onLine what it has to say, line by line */
export async function runSteeringDemo({
  onLine,
}: {
  onLine: (line: string) => void;
}): Promise<SteeringDemoReport> {
  const startMs = performance.now();
  onLine('making an embedded database: a shop with skewed keys, documents with vectors …');
  await using database = await openDemoDatabase();
  await using steered = await steer(database.client, { recall: RECALL, refreshMs: 1000 });
  const stage = await setStage(database, steered);
  steered.steering.watch((run) => (stage.last = run));
  onLine('run    ms   tension  attention                       arms');
  const runs: SteeringDemoRun[] = [];
  for (let run = 1; run <= RUNS && performance.now() - startMs < LONGEST_MS; run++) {
    if (run === RUN_OF_CHANGE) {
      onLine('reviews pour in: the table grows elevenfold, and nobody runs ANALYZE');
      await database.exec(reviewsArrive);
    }
    const seen = await runOnce(stage, run);
    runs.push(seen);
    onLine(renderRun(seen));
    for (const line of seen.healing) onLine(`      ${line}`);
  }
  await steered.steering.settled();
  const heldOut = demoTemplates.flatMap(({ statements }) => statements.slice(HELD_OUT));
  const comparison = await compareInterleaved((sql) => database.client.query(sql), steered.query, heldOut, 5);
  const status = steered.steering.status();
  const near = status.templates.find(({ state }) => state === 'vector');
  const vectors = near
    ? steered.steering
        .explain(near.id)
        .cells.map(({ cell, efSearch, probes }) => ({ cell, efSearch, probes }))
    : [];
  const report = { runs, comparison, vectors, status, seconds: (performance.now() - startMs) / 1000 };
  renderEnd(report).forEach(onLine);
  return report;
}

async function setStage(database: OpenDatabase, steered: Stage['steered']): Promise<Stage> {
  const healing = createDemoHealing(
    database,
    demoTemplates.map(({ name, statements }) => ({ name, sql: statements[0]! })),
    () => steered.steering.refresh(),
  );
  const watched = await analyzeWatched(database, {});
  return {
    database,
    steered,
    healing,
    engine: new DagMinCutEngine(),
    queriesPerSecond: (LOAD * 1000) / totalMsOf(watched),
    probes: await makeProbes(database, RUNS),
    recent: new Map(),
    last: null,
  };
}

async function runOnce(stage: Stage, run: number): Promise<SteeringDemoRun> {
  const arms: Record<string, number> = {};
  let ms = 0;
  let watchedArm = 'default';
  const statements = demoTemplates.map(({ name, statements: all }) => ({ name, sql: all[run % LEARNED]! }));
  statements.push({ name: 'near a vector', sql: stage.probes[run - 1]! });
  for (const { name, sql } of statements) {
    const startMs = performance.now();
    await stage.steered.query(sql);
    const tookMs = performance.now() - startMs;
    ms += tookMs;
    const arm = stage.last?.arm ?? 'default';
    arms[arm] = (arms[arm] ?? 0) + 1;
    if (name === WATCHED) watchedArm = arm;
    // What is tried out tells of the arm, not of the database.
    if (stage.last?.why !== 'explore' && name !== 'near a vector') watchTime(stage, name, tookMs);
    await stage.steered.steering.settled();
  }
  const { attempts } = await stage.healing.runCycleAsync();
  return {
    run,
    ms,
    arms,
    ...(await lookAtWatched(stage, watchedArm)),
    healing: attempts.map(describeAttempt),
  };
}

/** A slow run is noise, four of them are none: what is watched is the quickest of the last four. */
function watchTime({ recent, healing }: Stage, name: string, ms: number): void {
  const times = [...(recent.get(name) ?? []), ms].slice(-4);
  recent.set(name, times);
  if (times.length === 4) healing.observe(name, watchedValueOf(Math.min(...times)));
}

/** Tension and attention of the watched template's plan under the arm that it got. */
async function lookAtWatched(
  { database, engine, queriesPerSecond }: Stage,
  arm: string,
): Promise<Pick<SteeringDemoRun, 'tension' | 'attention'>> {
  const settings = postgresArms.find(({ name }) => name === arm)?.settings ?? {};
  const dag = await analyzeWatched(database, settings);
  const sources = dag.nodes().filter(({ id }) => dag.parents(id).length === 0);
  // Rows that the sources looked at, also those that a filter took away.
  const rows = sources.reduce(
    (sum, { facts, details }) =>
      sum + (facts.actualRows ?? 0) + Number(details['Rows Removed by Filter'] ?? 0),
    0,
  );
  const offeredRate = Math.max(1, rows) * queriesPerSecond;
  const scores = [...new CriticalPathAttention().forward(dag)].toSorted((a, b) => b[1] - a[1]);
  const [top, share] = scores[0]!;
  const { details } = dag.node(top);
  return {
    tension: engine.analyzeBottlenecks(dag, { offeredRate }).maxTension,
    attention: {
      operator: [details['name'], details['index'] ?? details['table']].filter(Boolean).map(String).join(' '),
      share,
    },
  };
}

async function analyzeWatched(
  database: OpenDatabase,
  settings: Readonly<Record<string, string>>,
): Promise<QueryDag> {
  const sql = demoTemplates.find(({ name }) => name === WATCHED)!.statements[0]!;
  await database.exec(
    `BEGIN; ${Object.entries(settings)
      .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
      .join(' ')}`,
  );
  try {
    const { rows } = await database.client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
    return parsePostgresExplain(rows[0]);
  } finally {
    await database.exec('ROLLBACK');
  }
}

const totalMsOf = (dag: QueryDag): number =>
  dag.nodes().reduce((sum, { facts }) => sum + (facts.exclusiveMs ?? 0), 0);

function renderRun({ run, ms, tension, attention, arms }: SteeringDemoRun): string {
  const others = Object.entries(arms).filter(([arm]) => arm !== 'default');
  const chosen = others.map(([arm, count]) => `${arm} ${count}`).join(', ') || 'default';
  const focus = `${attention.operator} ${Math.round(attention.share * 100)} %`;
  return `${String(run).padStart(3)} ${ms.toFixed(1).padStart(7)} ${tension.toFixed(3).padStart(7)}  ${focus.padEnd(30)}  ${chosen}`;
}

function renderEnd({ comparison, vectors, status, seconds }: SteeringDemoReport): string[] {
  return [
    '',
    renderTemplates(status.templates),
    ...vectors.map(
      ({ cell, efSearch, probes }) =>
        `nearest ${cell}: hnsw.ef_search ${efSearch ?? 'not decided'} after ${probes} probes`,
    ),
    '',
    renderComparison(
      comparison,
      `${comparison.statements.length} statements with parameters that were never run`,
    ),
    `${seconds.toFixed(0)} s in all`,
  ];
}
