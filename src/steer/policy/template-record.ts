// What a policy has seen of one template: runs by statement, pairs by arm. Plain data, as it is in a state file.

/** Pairs of an arm and the default, and what followed from them. */
export interface ArmRecord {
  runs: number;
  timeouts: number;
  /** Times of the last runs that ended, in ms. */
  recentMs: number[];
  /** log(arm / default) of the last pairs, oldest first. */
  logRatios: number[];
  pairs: number;
  wins: number;
  losses: number;
  /** Time-outs in a row. */
  stopsInRow: number;
  status: 'untried' | 'candidate' | 'verified' | 'rejected';
  sinceMs: number;
  /** Somebody else found it better. */
  isSuggested: boolean;
}

/** A statement of a template: one set of parameters. */
export interface StatementRecord {
  /** Last runs of the default, in ms. */
  defaultMs: number[];
  /** The template's runs when the default ran last. */
  defaultAt: number;
  /** Time of the last run of each other arm, or after which it was stopped, in ms. */
  armMs: Record<string, number>;
  /** What describes its plan; empty when nobody said. */
  features: number[];
}

/** A template. */
export interface TemplateRecord {
  runs: number;
  /** Runs of statements that had run before. */
  repeats: number;
  defaultMs: number[];
  isKilled: boolean;
  invalidated: { why: string; atMs: number } | null;
  /** Time spent in all, and what exploring cost beyond the default. */
  totalMs: number;
  lostMs: number;
  /** log(new / old) of the last default runs of known statements: drift. */
  driftRatios: number[];
  arms: Record<string, ArmRecord>;
  statements: Map<string, StatementRecord>;
  /** Arms whose plans differ, as they were said last; null when nobody said. */
  distinctArms: string[] | null;
}

/** Runs that medians and percentiles are taken of. */
const RECENT_RUNS = 64;
/** Statements of a template that are remembered, the last ones. */
const MOST_STATEMENTS = 256;

export function createArmRecord(): ArmRecord {
  return {
    runs: 0,
    timeouts: 0,
    recentMs: [],
    logRatios: [],
    pairs: 0,
    wins: 0,
    losses: 0,
    stopsInRow: 0,
    status: 'untried',
    sinceMs: 0,
    isSuggested: false,
  };
}

export function createTemplateRecord(arms: readonly string[]): TemplateRecord {
  return {
    runs: 0,
    repeats: 0,
    defaultMs: [],
    isKilled: false,
    invalidated: null,
    totalMs: 0,
    lostMs: 0,
    driftRatios: [],
    arms: Object.fromEntries(arms.map((arm) => [arm, createArmRecord()])),
    statements: new Map(),
    distinctArms: null,
  };
}

/** The record of a statement, which is then the one used last. */
export function touchStatement(template: TemplateRecord, parameters: string): StatementRecord {
  const found = template.statements.get(parameters);
  const statement = found ?? { defaultMs: [], defaultAt: -1, armMs: {}, features: [] };
  template.statements.delete(parameters);
  template.statements.set(parameters, statement);
  if (template.statements.size > MOST_STATEMENTS) {
    template.statements.delete(template.statements.keys().next().value!);
  }
  return statement;
}

/** Adds to the last values. */
export function keepRecent(values: number[], value: number, most: number = RECENT_RUNS): void {
  values.push(value);
  if (values.length > most) values.shift();
}

/** Forgets what was compared: from now on, everything is unproven again. */
export function dropComparisons(template: TemplateRecord): void {
  for (const arm of Object.keys(template.arms)) {
    const isSuggested = template.arms[arm]!.isSuggested;
    template.arms[arm] = { ...createArmRecord(), isSuggested };
  }
  template.defaultMs = [];
  template.driftRatios = [];
  template.lostMs = 0;
  template.statements.clear();
}

/** Linear between neighbours; null of nothing. */
export function findQuantile(values: readonly number[], q: number): number | null {
  if (values.length < 2) return values[0] ?? null;
  // Typed arrays are sorted as numbers, several times as fast as by a function.
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

export const findMedian = (values: readonly number[]): number | null => findQuantile(values, 0.5);

/** log(arm / default) of one statement, null unless both ran. */
export function findLogRatio({ armMs, defaultMs }: StatementRecord, arm: string): number | null {
  const ms = armMs[arm];
  const base = findMedian(defaultMs);
  return ms === undefined || base === null ? null : logOf(ms) - logOf(base);
}

/** Of a time that a clock may have rounded to 0. */
export const logOf = (ms: number): number => Math.log(Math.max(ms, 1e-3));
