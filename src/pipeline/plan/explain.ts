// Which stage runs where, and why: what `explain()` says.
import type { NativeStage } from '../contract.ts';
import type { TransformStage } from '../run/run-contract.ts';
import { needsTable } from './legs.ts';
import type { BatchStep, FusedStep, Leg } from './legs.ts';
import { isOpenable } from './pipeline-parts.ts';
import type { OpenableStage } from './pipeline-parts.ts';

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
export interface PipelineExplanation {
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
    const plan = leg.stages.map((stage, at) => {
      // The file of the leg before is one part, and so is what a stage of the whole table gives.
      const isInParts = leg.reads === 'source' && !leg.stages.slice(0, at).some(looksBeyond);
      return { ...place, ...explainNative(stage, isInParts) };
    });
    const inner =
      leg.kind === 'plan' ? [] : leg.steps.flatMap(explainStep).map((step) => ({ ...place, ...step }));
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
  return needy ? `stage "${needy.name}" ${whyPlan(needy)}` : 'the sink is written by a plan';
}

/** Why batches do not do for it. */
function whyPlan(stage: NativeStage): string {
  if (stage.learnsFrom === 'rows') return 'learns from all rows first';
  if (!looksBeyond(stage)) return 'reads another table beside its rows';
  return stage.learnsFrom === 'columns' ? 'may have to see all rows' : 'has to see all rows';
}

/** True for a stage that looks at more than a row while it runs; where that is not known yet, it may. */
const looksBeyond = ({ scope, learnsFrom }: NativeStage): boolean => scope !== 'row' && learnsFrom !== 'rows';

function explainNative(stage: NativeStage, isInParts: boolean): Explained {
  const { name, scope, details, learnsFrom, holdsRows, inputs } = stage;
  const learns = learnsFrom === 'rows' ? 'learns from all rows first, then ' : '';
  const isUnread = learnsFrom === 'columns';
  const perRow = isInParts ? 'row by row, partition by partition' : 'row by row';
  const look = isUnread
    ? 'its columns are known while it runs'
    : looksBeyond(stage)
      ? wholeOf(scope)
      : perRow;
  const beside = inputs ? `, beside ${inputs.map((input) => `"${input.name}"`).join(', ')}` : '';
  const holds = holdsRows ? '; holds the rows it is given in memory' : '';
  return { name, runs: 'plan', why: `${learns}${look}${beside}${holds}`, ...(details && { details }) };
}

const wholeOf = (scope: NativeStage['scope']): string =>
  scope === 'group' ? 'looks at rows of a group: the whole table' : 'looks at other rows: the whole table';

function explainStep(step: BatchStep): Explained[] {
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

function explainTransform(stage: TransformStage | OpenableStage): Explained {
  const { name, workers = 1 } = stage;
  if (isOpenable(stage) && stage.runsInWorkers)
    return { name, runs: 'worker', why: 'a module that workers load' };
  const calls = typeof workers === 'function' || workers > 1 ? ', several at once' : '';
  return { name, runs: 'batches', why: `JavaScript on record batches${calls}` };
}

/** An explanation as text: one line a stage. */
export function renderPlacements(
  stages: readonly ExplainedStage[],
  optimized: PipelineExplanation['optimized'],
): string {
  const width = Math.max(...stages.map(({ name }) => name.length));
  const lines = stages.map(
    ({ leg, name, runs, why }) => `${leg}  ${name.padEnd(width)}  ${runs.padEnd(7)}  ${why}`,
  );
  const plans = optimized.flatMap(({ leg, plan }) => ['', `plan of leg ${leg}:`, plan.trimEnd()]);
  return [...lines, ...plans].join('\n');
}
