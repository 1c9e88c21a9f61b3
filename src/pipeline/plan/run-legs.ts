// Runs a pipeline leg by leg. Temporary files live in a folder of the run, which goes with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import type { MemoryBudget, NativeSource, PipelineProgress, Sink, Source } from '../contract.ts';
import { runStages } from '../run/run-stages.ts';
import type { BatchLimits, TransformStage } from '../run/run-contract.ts';
import { stageOpenError } from './errors.ts';
import { fileSource } from './file-source.ts';
import { createFrameTransform } from './frame-transform.ts';
import { openTables } from './frames.ts';
import { learnStages } from './learn-stages.ts';
import type { BatchLeg, BatchStep, Leg, NativeLeg } from './legs.ts';
import { isNativeSink, isNativeSource, isOpenable } from './pipeline-parts.ts';
import type { AnySink, AnySource } from './pipeline-parts.ts';
import { PlanMeter } from './plan-meter.ts';
import { openPlanSource } from './plan-source.ts';
import { runNative, untilAborted } from './run-native.ts';
import { createSpoolSink } from './spool-sink.ts';

/** How a run is watched, bounded and ended. */
export interface PipelineRunOptions {
  /** Ends the run at once: it rejects with the signal's reason, and nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Ends the run early but whole, where it reads batches: nothing more is read, what was read is written. */
  readonly drain?: AbortSignal;
  /** Told how the run does, every 500 ms, with each part of a plan, and at its end. */
  readonly onProgress?: (progress: PipelineProgress) => void;
  /** @default 500 */
  readonly progressEveryMs?: number;
  /** Where temporary files lie that one leg writes and the next one reads. @default the system's */
  readonly temporaryFolder?: string;
  /** Rows of a batch. @default by the engine of batches */
  readonly batch?: BatchLimits;
  /** Batches reach the sink in the order of the source. @default true */
  readonly isOrdered?: boolean;
}

/** What a run leaves. */
export interface PipelineResult {
  /** The last figures of each leg. */
  readonly progress: readonly PipelineProgress[];
  /** What a user should know about the file that was written. */
  readonly notes: readonly string[];
}

/** A pipeline that is ready to run. */
export interface RunnableLegs {
  readonly source: AnySource;
  readonly sink: AnySink;
  readonly names: { readonly source: string; readonly sink: string };
  readonly legs: readonly Leg[];
  readonly budget: MemoryBudget;
}

/** Runs all legs. @throws RuvectorError `ERR_PIPELINE_*`; the signal's reason, at once */
export async function runLegs(run: RunnableLegs, options: PipelineRunOptions): Promise<PipelineResult> {
  const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), 'ruvector-pipeline-'));
  const progress: PipelineProgress[] = [];
  const notes: string[] = [];
  try {
    for (const [i, leg] of run.legs.entries()) {
      const context = {
        run,
        options,
        folder,
        place: i,
        signal: options.signal ?? new AbortController().signal,
      };
      const done = leg.kind === 'plan' ? await runPlan(leg, context) : await runBatches(leg, context);
      progress.push(done.progress);
      notes.push(...done.notes);
    }
    return { progress, notes };
  } finally {
    const removed = rm(folder, { recursive: true, force: true });
    // Who aborts does not wait for large files to go.
    if (!options.signal?.aborted) await removed;
    else removed.catch(() => undefined);
  }
}

interface LegContext {
  readonly run: RunnableLegs;
  readonly options: PipelineRunOptions;
  readonly folder: string;
  readonly place: number;
  readonly signal: AbortSignal;
}

interface LegResult {
  readonly progress: PipelineProgress;
  readonly notes: readonly string[];
}

const spoolPath = (folder: string, place: number): string => join(folder, `leg-${place}.arrow`);

/** What a plan of this leg reads: the pipeline's source, or what the leg before it wrote. */
const nativeSourceOf = ({ reads }: Leg, { run, folder, place }: LegContext): NativeSource =>
  reads === 'source' ? (run.source as NativeSource) : fileSource(spoolPath(folder, place - 1));

async function runPlan(leg: NativeLeg, context: LegContext): Promise<LegResult> {
  const { run, signal, options } = context;
  if (!isNativeSink(run.sink)) throw new TypeError('a plan needs a sink that it can write');
  const { tables, stages } = await prepare(leg, context);
  const meter = new PlanMeter(tables, stages, run);
  const notes = await runNative(
    { tables, stages, sink: run.sink },
    {
      signal,
      onPart: (part) => {
        meter.note(part);
        options.onProgress?.(meter.read());
      },
    },
  );
  return { progress: meter.read(), notes };
}

/** Opens what a plan reads and lets its stages learn. */
async function prepare(leg: Leg, context: LegContext) {
  const { signal } = context;
  signal.throwIfAborted();
  const source = nativeSourceOf(leg, context);
  const tables = await untilAborted(openTables(source, leg.stages), signal);
  const stages = await untilAborted(learnStages(tables, leg.stages), signal);
  return { tables, stages };
}

async function runBatches(leg: BatchLeg, context: LegContext): Promise<LegResult> {
  const opened = new OpenedParts();
  try {
    const source = opened.add(await openSource(leg, context));
    const { transforms, schema } = await openSteps(leg, source.schema, context, opened);
    const sink = await openSink(leg, context, schema);
    opened.handOver();
    return { progress: await runOpened(leg, context, { source, transforms, sink }), notes: [] };
  } finally {
    await opened.close();
  }
}

/** What was opened for a run that could not begin; a run that does closes its parts itself. */
class OpenedParts {
  #parts: { close?(): Promise<void> }[] = [];

  add<Part extends { close?(): Promise<void> }>(part: Part): Part {
    this.#parts.push(part);
    return part;
  }

  handOver(): void {
    this.#parts = [];
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#parts.map(async (part) => part.close?.()));
  }
}

interface OpenRun {
  readonly source: Source;
  readonly transforms: readonly TransformStage[];
  readonly sink: Sink;
}

function runOpened(
  leg: BatchLeg,
  context: LegContext,
  { source, transforms, sink }: OpenRun,
): Promise<PipelineProgress> {
  const { run, options } = context;
  return runStages(
    {
      source,
      transforms,
      sink,
      budget: run.budget,
      names: {
        source: leg.stages.length > 0 || leg.reads === 'spool' ? 'plan' : run.names.source,
        sink: leg.writes === 'sink' ? run.names.sink : 'temporary file',
      },
      ...(options.batch && { batch: options.batch }),
      ...(options.isOrdered !== undefined && { isOrdered: options.isOrdered }),
    },
    options,
  );
}

async function openSource(leg: BatchLeg, context: LegContext): Promise<Source> {
  const { run, folder, place, signal } = context;
  if (leg.reads === 'spool' || isNativeSource(run.source)) {
    const prepared = await prepare(leg, context);
    return openPlanSource({ ...prepared, folder, name: `plan-${place}` });
  }
  return 'open' in run.source ? untilAborted(run.source.open(), signal) : run.source;
}

async function openSink(
  leg: BatchLeg,
  { run, folder, place, signal }: LegContext,
  schema: arrow.Schema,
): Promise<Sink> {
  if (leg.writes === 'spool') return createSpoolSink(spoolPath(folder, place), schema);
  if (isNativeSink(run.sink)) throw new TypeError('batches need a sink that takes them');
  return 'open' in run.sink ? untilAborted(run.sink.open(), signal) : run.sink;
}

interface OpenSteps {
  readonly transforms: readonly TransformStage[];
  /** The columns behind the last of them. */
  readonly schema: arrow.Schema;
}

/** A function does not say what it gives: it is taken to keep the columns. */
async function openSteps(
  leg: BatchLeg,
  input: arrow.Schema,
  context: LegContext,
  opened: OpenedParts,
): Promise<OpenSteps> {
  const transforms: TransformStage[] = [];
  let schema = input;
  for (const step of leg.steps) {
    const stage = await openStep(step, schema, context);
    transforms.push(stage);
    if (typeof stage.transform === 'function') continue;
    opened.add(stage.transform);
    schema = stage.transform.schema(schema);
  }
  return { transforms, schema };
}

async function openStep(
  step: BatchStep,
  input: arrow.Schema,
  { run, signal }: LegContext,
): Promise<TransformStage> {
  if ('fused' in step) {
    const name = step.fused.map((stage) => stage.name).join(' + ');
    return { name, transform: createFrameTransform(step.fused) };
  }
  if (!isOpenable(step)) return step;
  const { name, onError, workers } = step;
  const opening = step.open(input, { budget: run.budget, signal }).catch((error: unknown) => {
    throw stageOpenError(name, error);
  });
  const opened = await untilAborted(opening, signal);
  return { name, ...(onError && { onError }), ...opened, ...(workers !== undefined && { workers }) };
}
