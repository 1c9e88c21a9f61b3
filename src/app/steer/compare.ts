// Default against steered, turn about on the same connection, statement by statement, rows compared.

/** What both ways to run a statement share. */
export type RunStatement = (sql: string) => Promise<{ readonly rows: readonly unknown[] }>;

/** One statement, measured both ways. */
export interface ComparedStatement {
  readonly sql: string;
  /** The quickest of its runs: what is slower is the machine's doing. */
  readonly defaultMs: number;
  readonly steeredMs: number;
  /** The same rows in each run; their order only where the statement gives one. */
  readonly isSame: boolean;
}

/** All statements together. */
export interface Comparison {
  readonly statements: readonly ComparedStatement[];
  readonly defaultMs: number;
  readonly steeredMs: number;
  /** Steered over default: below 1 is faster. */
  readonly ratio: number;
  /** Statements that got slower by more than 20 % and 2 ms. */
  readonly regressions: number;
  readonly different: number;
}

/** Runs each statement `repetitions` times both ways. */
export async function compareInterleaved(
  runDefault: RunStatement,
  runSteered: RunStatement,
  statements: readonly string[],
  repetitions: number,
): Promise<Comparison> {
  const compared: ComparedStatement[] = [];
  for (const sql of statements)
    compared.push(await compareStatement(runDefault, runSteered, sql, repetitions));
  return summarizeComparison(compared);
}

/** Adds up what was measured. */
export function summarizeComparison(statements: readonly ComparedStatement[]): Comparison {
  const sum = (of: (each: ComparedStatement) => number): number =>
    statements.reduce((all, each) => all + of(each), 0);
  const [defaultMs, steeredMs] = [sum((each) => each.defaultMs), sum((each) => each.steeredMs)];
  return {
    statements,
    defaultMs,
    steeredMs,
    ratio: steeredMs / defaultMs,
    regressions: statements.filter(isRegression).length,
    different: statements.filter(({ isSame }) => !isSame).length,
  };
}

const isRegression = ({ defaultMs, steeredMs }: ComparedStatement): boolean =>
  steeredMs > 1.2 * defaultMs && steeredMs - defaultMs > 2;

async function compareStatement(
  runDefault: RunStatement,
  runSteered: RunStatement,
  sql: string,
  repetitions: number,
): Promise<ComparedStatement> {
  const times = { default: [] as number[], steered: [] as number[] };
  const answers = new Set<string>();
  for (let i = 0; i < repetitions; i++) {
    // Who goes first has the colder cache.
    const turns = [['default', runDefault] as const, ['steered', runSteered] as const];
    for (const [name, run] of i % 2 === 0 ? turns : turns.toReversed()) {
      const startMs = performance.now();
      const { rows } = await run(sql);
      times[name].push(performance.now() - startMs);
      answers.add(describeRows(sql, rows));
    }
  }
  return {
    sql,
    defaultMs: Math.min(...times.default),
    steeredMs: Math.min(...times.steered),
    isSame: answers.size === 1,
  };
}

/** Without ORDER BY, rows come in any order. */
export function describeRows(sql: string, rows: readonly unknown[]): string {
  const texts = rows.map((row) => JSON.stringify(row));
  return (/\border\s+by\b/i.test(sql) ? texts : texts.toSorted()).join('\n');
}
