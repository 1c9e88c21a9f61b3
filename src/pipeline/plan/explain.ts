// Which stage runs where, and why: what `explain()` says.
import type { NativeStage } from '../contract.ts';
import type { TransformStage } from '../run/run-contract.ts';
import { needsTable } from './legs.ts';
import type { BatchLeg, FusedStep, Leg } from './legs.ts';

/** Where a stage runs. `plan`: in Polars; `batches`: on record batches in this thread; `worker`: on them in workers. */
export type StageRuns = 'plan' | 'batches' | 'worker';

/** One line of an explanation. */
export interface ExplainedStage {
  readonly name: string;
  readonly runs: StageRuns;
  /** Legs run one after the other, from 1; those of one leg run together. */
  readonly leg: number;
  readonly why: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a pipeline does. */
export interface Explanation {
  readonly stages: readonly ExplainedStage[];
  /** The plans as Polars has optimized them, by leg; only when asked for. */
  readonly optimized: readonly { readonly leg: number; readonly plan: string }[];
  /** Both as lines of text. */
  readonly text: string;
}

/** Names of the pipeline's ends. */
export interface EndNames {
  readonly source: string;
  readonly sink: string;
  readonly isSourceNative: boolean;
  readonly isSinkNative: boolean;
}

/** Explains legs, in the order of the rows. */
export function explainLegs(legs: readonly Leg[], ends: EndNames): ExplainedStage[] {
  return legs.flatMap((leg, i) => {
    const place = { leg: i + 1 };
    const plan = leg.stages.map((stage) => ({ ...place, ...explainNative(stage) }));
    const inner = leg.kind === 'plan' ? [] : leg.steps.flatMap(explainStep).map((step) => ({ ...place, ...step }));
    return [
      { ...place, ...explainInput(leg, ends) },
      ...plan,
      ...inner,
      { ...place, ...explainOutput(leg, legs[i + 1], ends) },
    ];
  });
}

type Explained = Omit<ExplainedStage, 'leg'>;

function explainInput(leg: Leg, { source, isSourceNative }: EndNames): Explained {
  if (leg.reads === 'spool') {
    return { name: 'temporary file', runs: 'plan', why: 'a plan scans what the leg before it wrote' };
  }
  if (isSourceNative) return { name: source, runs: 'plan', why: 'Polars reads it by itself' };
  return { name: source, runs: 'batches', why: 'it gives record batches' };
}

function explainOutput(leg: Leg, next: Leg | undefined, { sink }: EndNames): Explained {
  if (leg.kind === 'plan') return { name: sink, runs: 'plan', why: 'Polars writes it by itself' };
  if (leg.writes === 'sink') return { name: sink, runs: 'batches', why: 'it takes record batches' };
  return { name: 'temporary file', runs: 'batches', why: whySpooled(next) };
}

function whySpooled(next: Leg | undefined): string {
  const needy = next?.stages.find(needsTable);
  return needy ? `stage "${needy.name}" has to see all rows` : 'the sink is written by a plan';
}

function explainNative(stage: NativeStage): Explained {
  const { name, scope, details, learnsFrom, holdsRows } = stage;
  const learns = learnsFrom === 'rows' ? 'learns from all rows first, then ' : '';
  const isUnread = learnsFrom === 'columns';
  const isPerRow = scope === 'row' || learnsFrom === 'rows';
  const look = isUnread ? 'its columns are known while it runs' : isPerRow ? perRow : wholeOf(scope);
  const holds = holdsRows ? '; holds the rows it is given in memory' : '';
  return { name, runs: 'plan', why: `${learns}${look}${holds}`, ...(details && { details }) };
}

const perRow = 'row by row, partition by partition';
const wholeOf = (scope: NativeStage['scope']): string =>
  scope === 'group' ? 'looks at rows of a group: the whole table' : 'looks at other rows: the whole table';

function explainStep(step: BatchLeg['steps'][number]): Explained[] {
  if ('fused' in step) return explainFused(step);
  return [explainTransform(step)];
}

const explainFused = ({ fused }: FusedStep): Explained[] =>
  fused.map(({ name, details }) => ({
    name,
    runs: 'batches',
    why: 'looks at one row at a time: Polars runs it batch by batch',
    ...(details && { details }),
  }));

function explainTransform({ name, transform, workers = 1 }: TransformStage): Explained {
  if (isInWorkers(transform)) return { name, runs: 'worker', why: 'a module that workers load' };
  const calls = typeof workers === 'function' || workers > 1 ? ', several at once' : '';
  return { name, runs: 'batches', why: `JavaScript on record batches${calls}` };
}

/** Transforms that workers run say so. */
const isInWorkers = (transform: TransformStage['transform']): boolean =>
  typeof transform !== 'function' && 'runsInWorkers' in transform && transform.runsInWorkers === true;

/** An explanation as text: one line a stage. */
export function renderExplanation(stages: readonly ExplainedStage[], optimized: Explanation['optimized']): string {
  const width = Math.max(...stages.map(({ name }) => name.length));
  const lines = stages.map(
    ({ leg, name, runs, why }) => `${leg}  ${name.padEnd(width)}  ${runs.padEnd(7)}  ${why}`,
  );
  const plans = optimized.flatMap(({ leg, plan }) => ['', `plan of leg ${leg}:`, plan.trimEnd()]);
  return [...lines, ...plans].join('\n');
}
