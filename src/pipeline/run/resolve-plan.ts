// A plan of stages with every default filled in and every mistake found.
import type { ErrorPolicy, Sink, Transform } from '../contract.ts';
import { stagesOptionsError } from './errors.ts';
import { LEAST_BATCHES_IN_BUDGET, QUEUE_BATCHES, batchDefaults } from './run-contract.ts';
import type { BatchLimits, QueueLimits, StagesPlan, TransformStage } from './run-contract.ts';
import type { ResolvedLimits } from './source-pump.ts';
import type { QueueBounds } from './stage-queue.ts';
import type { ResolvedTransform } from './transform-pump.ts';

/** A plan that can be run. */
export interface ResolvedPlan {
  readonly sourceName: string;
  readonly sinkName: string;
  readonly transforms: readonly ResolvedTransform[];
  readonly onSinkError: ErrorPolicy;
  /** What may wait in front of each transform, and of the sink. */
  readonly queues: readonly QueueBounds[];
  readonly limits: () => ResolvedLimits;
  readonly isOrdered: boolean;
  /** Sinks of error policies, each once. */
  readonly deadLetters: readonly Sink[];
}

/** @throws RuvectorError `ERR_PIPELINE_OPTIONS` with all mistakes; what a transform says of its columns */
export function resolvePlan(plan: StagesPlan): ResolvedPlan {
  const stages = plan.transforms ?? [];
  const sourceName = plan.names?.source ?? 'source';
  const sinkName = plan.names?.sink ?? 'sink';
  const problems = findProblems(plan, [sourceName, ...stages.map(({ name }) => name), sinkName]);
  if (problems.length > 0) throw stagesOptionsError(problems);
  checkColumns(plan);
  const transforms = stages.map(resolveTransform);
  const policies = [...transforms.map(({ onError }) => onError), plan.onSinkError ?? 'fail'];
  return {
    sourceName,
    sinkName,
    transforms,
    onSinkError: plan.onSinkError ?? 'fail',
    queues: [...stages.map(({ queue }) => queue), plan.sinkQueue].map((queue) => resolveQueue(queue, plan)),
    limits: () => resolveLimits(plan, transforms),
    isOrdered: plan.isOrdered ?? true,
    deadLetters: [
      ...new Set(policies.flatMap((policy) => (typeof policy === 'object' ? [policy.deadLetter] : []))),
    ],
  };
}

/** A transform that is an object; null for a function. */
export function objectOf({ transform }: Pick<TransformStage, 'transform'>): Transform | null {
  return typeof transform === 'function' ? null : transform;
}

function resolveTransform(stage: TransformStage): ResolvedTransform {
  const { name, transform, workers = 1, onError = 'fail', timeoutMs = null } = stage;
  const isAlone = objectOf(stage)?.reset !== undefined;
  const count = typeof workers === 'function' ? () => Math.max(1, Math.floor(workers())) : () => workers;
  return { name, transform, timeoutMs, onError, workers: isAlone ? () => 1 : count };
}

function resolveQueue(queue: QueueLimits | undefined, { budget }: StagesPlan): QueueBounds {
  return { batches: queue?.batches ?? QUEUE_BATCHES, bytes: queue?.bytes ?? budget.limitBytes };
}

function resolveLimits(
  { batch, budget }: StagesPlan,
  transforms: readonly ResolvedTransform[],
): ResolvedLimits {
  const limits: BatchLimits = (typeof batch === 'function' ? batch() : batch) ?? {};
  const rows = Math.max(1, limits.rows ?? batchDefaults.rows);
  const minRows = limits.minRows ?? (limits.rows === undefined ? batchDefaults.minRows : rows);
  const share = Math.floor(budget.limitBytes / LEAST_BATCHES_IN_BUDGET);
  return {
    rows,
    minRows: Math.min(rows, minRows),
    bytes: Math.max(1, limits.bytes ?? Math.min(batchDefaults.bytes, share)),
    lingerMs: limits.lingerMs ?? batchDefaults.lingerMs,
    // A size that was asked for is kept while two such batches fit.
    parallel: limits.rows === undefined ? transforms.reduce((sum, { workers }) => sum + workers(), 2) : 2,
  };
}

/** Each transform sees the columns that reach it before any row does. A function does not say what it gives. */
function checkColumns({ source, transforms = [] }: StagesPlan): void {
  let { schema } = source;
  for (const stage of transforms) {
    const transform = objectOf(stage);
    if (!transform) return;
    schema = transform.schema(schema);
  }
}

function findProblems(plan: StagesPlan, names: readonly string[]): string[] {
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  return [
    ...twice.map((name) => `two stages are called "${name}"`),
    ...(plan.transforms ?? []).flatMap((stage) => problemsOfTransform(stage, plan)),
    ...problemsOfNumbers(
      'batch',
      typeof plan.batch === 'function' ? {} : { ...plan.batch, lingerMs: undefined },
    ),
    ...problemsOfNumbers('sinkQueue', { ...plan.sinkQueue }),
    ...problemsOfCheckpoint(plan),
    ...problemsOfDeadLetters(plan),
  ];
}

function problemsOfTransform(stage: TransformStage, { checkpoint }: StagesPlan): string[] {
  const transform = objectOf(stage);
  const { name, workers, timeoutMs } = stage;
  const isStateful = transform?.reset !== undefined;
  const problems = problemsOfNumbers(`stage "${name}"`, {
    timeoutMs,
    workers: typeof workers === 'function' ? undefined : workers,
    ...stage.queue,
  });
  if (isStateful && typeof workers === 'number' && workers > 1) {
    problems.push(`stage "${name}" keeps something between batches, so it has one worker, not ${workers}`);
  }
  if (checkpoint && isStateful && !(transform.checkpoint && transform.resume)) {
    problems.push(`stage "${name}" keeps something between batches that no checkpoint can hold`);
  }
  return problems;
}

function problemsOfCheckpoint({ checkpoint, source, sink }: StagesPlan): string[] {
  if (!checkpoint) return [];
  const problems = problemsOfNumbers('checkpoint', {
    everyMs: checkpoint.everyMs,
    everyRows: checkpoint.everyRows,
  });
  if (!source.seek) problems.push('the source cannot seek, so there can be no checkpoints');
  if (sink.isAtomic) {
    problems.push(
      'the sink writes all rows or none, so a run that was cut short starts again without checkpoints',
    );
  }
  if (sink.checkpoint && !sink.resume) problems.push('the sink has checkpoints but cannot go back to one');
  return problems;
}

function problemsOfDeadLetters({ transforms = [], onSinkError, sink }: StagesPlan): string[] {
  const policies = [...transforms.map(({ onError }) => onError), onSinkError];
  const isSame = policies.some((policy) => typeof policy === 'object' && policy.deadLetter === sink);
  return isSame ? ['the sink is its own dead-letter sink'] : [];
}

function problemsOfNumbers(of: string, values: Readonly<Record<string, number | undefined>>): string[] {
  return Object.entries(values)
    .filter(
      ([, value]) => value !== undefined && !(value > 0 && (Number.isInteger(value) || value === Infinity)),
    )
    .map(([name, value]) => `${name} of ${of} is ${value}, not a whole number above 0`);
}
