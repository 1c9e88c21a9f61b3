// A pipeline as legs that run one after the other. A leg is one plan from files to a file, or a run of batches, whose
// source may be a plan; between two legs rows lie in a temporary Arrow file. Pure: it decides, it runs nothing.
import type { NativeStage } from '../contract.ts';
import type { TransformStage } from '../run/run-contract.ts';
import { isNativeStage } from './pipeline-parts.ts';
import type { PlacedStage } from './pipeline-parts.ts';

/** Where a leg's rows come from: the pipeline's source, or the file of the leg before it. */
export type LegInput = 'source' | 'spool';

/** One plan from files to a file. */
export interface NativeLeg {
  readonly kind: 'plan';
  readonly reads: LegInput;
  readonly stages: readonly NativeStage[];
}

/** Native stages that run batch by batch, as one transform. */
export interface FusedStep {
  readonly fused: readonly NativeStage[];
}

/** One run of batches. */
export interface BatchLeg {
  readonly kind: 'batches';
  readonly reads: LegInput;
  /** A plan in front of the batches. @default none: the source gives batches */
  readonly stages: readonly NativeStage[];
  readonly steps: readonly (TransformStage | FusedStep)[];
  readonly writes: 'sink' | 'spool';
}

export type Leg = NativeLeg | BatchLeg;

/** Which ends of a pipeline a plan can read and write by itself. */
export interface Ends {
  readonly isSourceNative: boolean;
  readonly isSinkNative: boolean;
}

/** True for a stage that has to see the whole table, or another one, or rows to learn from. */
export const needsTable = (stage: NativeStage): boolean =>
  stage.scope !== 'row' || stage.learnsFrom === 'rows' || stage.inputs !== undefined;

/** Decides the legs. Stages that learn from columns have learned, where these are known. */
export function planLegs(placed: readonly PlacedStage[], ends: Ends): readonly Leg[] {
  const stages = placed.map(({ stage }) => stage);
  const legs: Leg[] = [];
  let at = 0;
  let reads: LegInput = 'source';
  for (;;) {
    const isPlan = reads === 'spool' || ends.isSourceNative;
    const native = isPlan ? nativeRun(stages, at) : [];
    at += native.length;
    if (isPlan && at === stages.length && ends.isSinkNative) {
      legs.push({ kind: 'plan', reads, stages: native });
      return legs;
    }
    const { steps, next } = batchSteps(stages, at, ends);
    at = next;
    const isDone = at === stages.length && !ends.isSinkNative;
    legs.push({ kind: 'batches', reads, stages: native, steps, writes: isDone ? 'sink' : 'spool' });
    if (isDone) return legs;
    reads = 'spool';
  }
}

type Stage = PlacedStage['stage'];

function nativeRun(stages: readonly Stage[], from: number): NativeStage[] {
  const run: NativeStage[] = [];
  for (const stage of stages.slice(from)) {
    if (!isNativeStage(stage)) break;
    run.push(stage);
  }
  return run;
}

/** Steps up to the end, or to where a plan has to take over. */
function batchSteps(
  stages: readonly Stage[],
  from: number,
  { isSinkNative }: Ends,
): { readonly steps: readonly (TransformStage | FusedStep)[]; readonly next: number } {
  const steps: (TransformStage | FusedStep)[] = [];
  let at = from;
  while (at < stages.length) {
    const stage = stages[at]!;
    if (!isNativeStage(stage)) {
      steps.push(stage);
      at += 1;
      continue;
    }
    const run = nativeRun(stages, at);
    const isLast = at + run.length === stages.length;
    // A plan that writes the file anyway takes its stages along.
    if (run.some(needsTable) || (isLast && isSinkNative)) break;
    steps.push({ fused: run });
    at += run.length;
  }
  return { steps, next: at };
}
