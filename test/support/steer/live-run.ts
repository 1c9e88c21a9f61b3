// The skewed workload on a live database: steering learns on half of the parameters and is measured on the other half, and
// the other way round, so that each of the 96 statements is measured without having been learned on.
import { compareInterleaved, summarizeComparison } from '../../../src/app/steer/compare.ts';
import type { ComparedStatement, Comparison } from '../../../src/app/steer/compare.ts';
import { skewTemplates } from '../../../src/app/steer/skewed-shop.ts';
import { postgresArms, steer } from '../../../src/steer/index.ts';

/** A connection, and a way to run several statements in one transaction. */
export interface LiveDatabase {
  readonly client: { query(sql: string): Promise<{ rows: unknown[] }> };
  exec(script: string): Promise<unknown>;
}

/** What was measured; times are of all 96 statements together. */
export interface LiveResult {
  readonly comparison: Comparison;
  /** Each statement under its best arm. */
  readonly oracleMs: number;
  /** The one arm that is best for all together, and its time. */
  readonly bestGlobal: { readonly arm: string; readonly ms: number };
  /** Of what the oracle saves. */
  readonly recovered: number;
  /** Control templates alone: steered over default. */
  readonly controlRatio: number;
}

const REPETITIONS = 5;

/** @param passes over the statements that are learned on */
export async function runLive(
  database: LiveDatabase,
  passes: number,
  folds: readonly number[] = [0, 1],
): Promise<LiveResult> {
  const compared: (ComparedStatement & { readonly isControl: boolean })[] = [];
  for (const fold of folds) compared.push(...(await runFold(database, fold, passes)));
  const byArm = await measureArms(
    database,
    compared.map(({ sql }) => sql),
  );
  const totals = Object.entries(byArm).map(([arm, times]) => ({
    arm,
    ms: times.reduce((all, ms) => all + ms, 0),
  }));
  const bestGlobal = totals.toSorted((a, b) => a.ms - b.ms)[0]!;
  const comparison = summarizeComparison(compared);
  const oracleMs = compared.reduce(
    (all, { defaultMs }, i) => all + Math.min(defaultMs, ...Object.values(byArm).map((times) => times[i]!)),
    0,
  );
  const controls = summarizeComparison(compared.filter(({ isControl }) => isControl));
  return {
    comparison,
    oracleMs,
    bestGlobal,
    recovered: (comparison.defaultMs - comparison.steeredMs) / (comparison.defaultMs - oracleMs),
    controlRatio: controls.ratio,
  };
}

async function runFold(
  { client }: LiveDatabase,
  fold: number,
  passes: number,
): Promise<(ComparedStatement & { isControl: boolean })[]> {
  await using steered = await steer(client);
  const isLearned = (at: number): boolean => at < 4 === (fold === 0);
  const learned = skewTemplates.flatMap(({ statements }) => statements.filter((_, at) => isLearned(at)));
  for (let pass = 0; pass < passes; pass++) {
    for (const sql of learned) await steered.query(sql);
    await steered.steering.settled();
  }
  const results: (ComparedStatement & { isControl: boolean })[] = [];
  for (const { statements, isControl } of skewTemplates) {
    const held = statements.filter((_, at) => !isLearned(at));
    const { statements: seen } = await compareInterleaved(
      (sql) => client.query(sql),
      steered.query,
      held,
      REPETITIONS,
    );
    results.push(...seen.map((each) => ({ ...each, isControl })));
  }
  return results;
}

/** Each statement under each arm, turn about. */
async function measureArms(
  database: LiveDatabase,
  statements: readonly string[],
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  for (const sql of statements) {
    const seen: Record<string, number[]> = {};
    for (let i = 0; i < REPETITIONS; i++) {
      for (const { name, settings } of postgresArms) {
        await database.exec(
          `BEGIN; ${Object.entries(settings)
            .map(([key, value]) => `SET LOCAL ${key} = ${value};`)
            .join(' ')}`,
        );
        const startMs = performance.now();
        await database.client.query(sql);
        (seen[name] ??= []).push(performance.now() - startMs);
        await database.exec('COMMIT');
      }
    }
    for (const [name, all] of Object.entries(seen)) (times[name] ??= []).push(Math.min(...all));
  }
  return times;
}
