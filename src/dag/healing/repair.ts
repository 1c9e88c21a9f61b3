// A repair: an action that can be undone, and a number that says whether it helped. What did not help is undone, and so
// is what failed half way. Its steps may give promises; a generator asks for them one by one, so that the same
// course of things runs at once or waits.
import { asynchronousRepairError, measureError } from './errors.ts';
import type { Trouble } from './trouble.ts';

/** A real and reversible action. */
export interface Repair {
  /** Unique among repairs. */
  readonly name: string;
  /** Which measure is better. @default 'lower' */
  readonly better?: 'lower' | 'higher';
  /** By what share of the measure before it has to be better afterwards. @default 0.05 */
  readonly minImprovement?: number;
  /** Cycles between the action and the measure after it, for one that shows only later. @default 0 */
  readonly settleCycles?: number;
  /** True when the action may help against a trouble. */
  canRepair(trouble: Trouble): boolean;
  /** What the action is to improve, measured now. */
  measure(trouble: Trouble): number | Promise<number>;
  /** Does it. */
  apply(trouble: Trouble): void | Promise<void>;
  /** Takes it back; also called when `apply` threw half way. */
  undo(trouble: Trouble): void | Promise<void>;
}

/**
 * How an attempt ended: `kept` because it helped; `undone` because it did not, or because a step threw; `trial` until it
 * has settled; `failed` before anything was done; `stuck` when it could not be undone either.
 */
export type RepairOutcome = 'kept' | 'undone' | 'trial' | 'failed' | 'stuck';

/** What became of a repair in a cycle. */
export interface RepairAttempt {
  readonly repair: string;
  readonly trouble: Trouble;
  readonly outcome: RepairOutcome;
  /** Measures; null where none was had. */
  readonly before: number | null;
  readonly after: number | null;
  /** What a step threw. */
  readonly error?: unknown;
}

/** A step of a repair that is to be run; its result comes back. */
export interface RepairStep {
  readonly repair: string;
  readonly name: 'measure' | 'apply' | 'undo';
  run(): unknown;
}

/** A course of things that asks for steps. */
export type Course<T> = Generator<RepairStep, T, unknown>;

/** Runs a course at once. A step that gives a promise fails. */
export function runNow<T>(course: Course<T>): T {
  let turn = course.next();
  while (!turn.done) {
    const { value, error } = runStep(turn.value);
    turn = error === undefined ? course.next(value) : course.throw(error.thrown);
  }
  return turn.value;
}

/** Runs a course and waits for what its steps promise. */
export async function runAndWait<T>(course: Course<T>): Promise<T> {
  let turn = course.next();
  while (!turn.done) {
    let value: unknown;
    let error: { readonly thrown: unknown } | undefined;
    try {
      value = await turn.value.run();
    } catch (thrown) {
      error = { thrown };
    }
    turn = error === undefined ? course.next(value) : course.throw(error.thrown);
  }
  return turn.value;
}

function runStep(step: RepairStep): { value?: unknown; error?: { readonly thrown: unknown } } {
  try {
    const value = step.run();
    if (!isThenable(value)) return { value };
    // Nobody waits for it; the attempt fails, whatever becomes of the promise.
    value.then(undefined, () => undefined);
    return { error: { thrown: asynchronousRepairError(step.repair, `${step.name}()`) } };
  } catch (thrown) {
    return { error: { thrown } };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** An action that was done and not yet judged. */
export interface Trial {
  readonly repair: Repair;
  readonly trouble: Trouble;
  readonly before: number;
  /** Cycles until it is measured. */
  waits: number;
}

/** Measures and does the action. @returns the trial, or how it ended already */
export function* startRepair(repair: Repair, trouble: Trouble): Course<Trial | RepairAttempt> {
  const facts = { repair: repair.name, trouble, after: null };
  let before: number;
  try {
    before = yield* measure(repair, trouble);
  } catch (error) {
    return { ...facts, outcome: 'failed', before: null, error };
  }
  try {
    yield { repair: repair.name, name: 'apply', run: () => repair.apply(trouble) };
  } catch (error) {
    return yield* undoRepair(repair, { ...facts, before, error });
  }
  return { repair, trouble, before, waits: repair.settleCycles ?? 0 };
}

/** Measures again, and undoes the action unless it helped. */
export function* judgeRepair({ repair, trouble, before }: Trial): Course<RepairAttempt> {
  const facts = { repair: repair.name, trouble, before };
  let after: number;
  try {
    after = yield* measure(repair, trouble);
  } catch (error) {
    return yield* undoRepair(repair, { ...facts, after: null, error });
  }
  if (didHelp(repair, before, after)) return { ...facts, after, outcome: 'kept' };
  return yield* undoRepair(repair, { ...facts, after });
}

/** Takes an action back. */
export function* undoRepair(repair: Repair, facts: Omit<RepairAttempt, 'outcome'>): Course<RepairAttempt> {
  try {
    yield { repair: repair.name, name: 'undo', run: () => repair.undo(facts.trouble) };
    return { ...facts, outcome: 'undone' };
  } catch (error) {
    const both = facts.error === undefined ? error : new AggregateError([facts.error, error]);
    return { ...facts, outcome: 'stuck', error: both };
  }
}

function* measure(repair: Repair, trouble: Trouble): Course<number> {
  const value = yield { repair: repair.name, name: 'measure', run: () => repair.measure(trouble) };
  if (typeof value !== 'number' || !Number.isFinite(value)) throw measureError(repair.name, value);
  return value;
}

function didHelp(
  { better = 'lower', minImprovement = 0.05 }: Repair,
  before: number,
  after: number,
): boolean {
  const gain = better === 'lower' ? before - after : after - before;
  return gain > 0 && gain >= minImprovement * Math.abs(before);
}
