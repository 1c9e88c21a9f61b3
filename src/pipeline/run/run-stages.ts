// Runs batches from a source through transforms into a sink: builds the stages, follows them to the end, and leaves
// nothing behind when that end is an error or an abort.
//
//   source ─▶ batching buffer ─▶ queue ─▶ transform × workers ─▶ queue ─▶ ... ─▶ sink
import type { CheckpointState, PipelineProgress, Sink, StageStats } from '../contract.ts';
import { checkpointError, stageError } from './errors.ts';
import { readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint-file.ts';
import type { Checkpoint } from './checkpoint-file.ts';
import { Flow } from './flow.ts';
import { Growth } from './growth.ts';
import { MemoryKeeper } from './memory-keeper.ts';
import { RunMeter } from './run-meter.ts';
import { objectOf, resolvePlan } from './resolve-plan.ts';
import type { ResolvedPlan } from './resolve-plan.ts';
import { CHECKPOINT_EVERY_MS, PROGRESS_EVERY_MS } from './run-contract.ts';
import type { StagesOptions, StagesPlan } from './run-contract.ts';
import { SinkPump } from './sink-pump.ts';
import { SourcePump } from './source-pump.ts';
import { StageQueue } from './stage-queue.ts';
import { abortPatience, errorPatience, tearDown } from './tear-down.ts';
import { TransformPump } from './transform-pump.ts';

/**
 * Runs stages until the source has no more rows. Source, transforms and sinks are the run's from here on: however it
 * ends, they are closed, finished or aborted.
 * @returns the final figures
 * @throws RuvectorError `ERR_PIPELINE_*`, or the error of a stage that has a code of its own; the signal's reason
 */
export async function runStages(plan: StagesPlan, options: StagesOptions = {}): Promise<PipelineProgress> {
  const run = new StagesRun(plan, options);
  return run.run();
}

class StagesRun {
  readonly #plan: StagesPlan;
  readonly #options: StagesOptions;
  readonly #flow: Flow;
  #stages: Stages | null = null;
  #checkpointed = { rows: 0, ms: performance.now() };
  /** There is a checkpoint that belongs to this run. */
  #isResumable = false;
  /** There is one that does not. */
  #isRefused = false;
  /** All is written; what is left is to close. */
  #isComplete = false;
  readonly #finished = new Set<Sink>();
  /** What a sink says of its end, while it is at it. */
  #finishing: string | null = null;
  /** The last call of a sink beside `consume`. */
  #sinkCall: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(plan: StagesPlan, options: StagesOptions) {
    this.#plan = plan;
    this.#options = options;
    const keeper = new MemoryKeeper(plan.budget);
    this.#flow = new Flow(keeper, new Growth(plan.transforms?.length ?? 0));
  }

  async run(): Promise<PipelineProgress> {
    const { signal, drain } = this.#options;
    const flow = this.#flow;
    const onAbort = (): void => flow.fail(signal!.reason);
    const onDrain = (): void => this.#stages?.source.drain();
    signal?.addEventListener('abort', onAbort, { once: true });
    drain?.addEventListener('abort', onDrain, { once: true });
    if (signal?.aborted) onAbort();
    let ticking: NodeJS.Timeout | undefined;
    const watch = (meter: RunMeter): void => {
      ticking = setInterval(
        () => this.#report(() => meter.read()),
        this.#options.progressEveryMs ?? PROGRESS_EVERY_MS,
      );
    };
    try {
      return await (flow.isOver ? flow.failure : Promise.race([flow.failure, this.#go(watch)]));
    } catch (error) {
      flow.fail(error);
      await this.#tearDown();
      throw flow.signal.reason;
    } finally {
      clearInterval(ticking);
      signal?.removeEventListener('abort', onAbort);
      drain?.removeEventListener('abort', onDrain);
      this.#stages?.source.close();
    }
  }

  async #go(watch: (meter: RunMeter) => void): Promise<PipelineProgress> {
    const resolved = resolvePlan(this.#plan);
    const stages = buildStages(this.#plan, resolved, this.#flow, {
      isDue: () => this.#isCheckpointDue(),
      write: () => this.#writeCheckpoint(),
    });
    for (const stage of this.#plan.transforms ?? []) objectOf(stage)?.reset?.();
    await this.#live(this.#resume(stages));
    this.#stages = stages;
    if (this.#options.drain?.aborted) stages.source.drain();
    const { source, budget } = this.#plan;
    const meter = new RunMeter(
      {
        budget,
        sizeHint: () => source.sizeHint(),
        finishing: () => this.#finishing,
        stats: () => statsOf(stages),
      },
      stages.source.meter.rows,
    );
    if (this.#options.onProgress) watch(meter);
    await this.#live(stages.source.run());
    await this.#live(this.#flow.idle());
    for (const transform of stages.transforms) {
      await this.#live(transform.flush((batch) => stages.source.makeItem(batch)));
      await this.#live(this.#flow.idle());
    }
    await this.#finish(stages);
    const final = meter.readFinal();
    this.#report(() => final);
    return this.#live(Promise.resolve(final));
  }

  /** Goes on only while the run does: behind its end nothing else happens. */
  async #live<Value>(promise: Promise<Value>): Promise<Value> {
    const value = await promise;
    return this.#flow.isOver ? new Promise<never>(() => undefined) : value;
  }

  #report(read: () => PipelineProgress): void {
    try {
      this.#options.onProgress?.(read());
    } catch (error) {
      this.#flow.fail(error);
    }
  }

  async #finish(stages: Stages): Promise<void> {
    const { checkpoint, source, transforms = [] } = this.#plan;
    if (checkpoint) await this.#live(this.#writeCheckpoint());
    else for (const sink of stages.sinks) await this.#live(this.#callSink(sink, () => sink.flush()));
    // The sink that matters completes last.
    for (const sink of stages.sinks.toReversed()) await this.#live(this.#finishSink(sink));
    if (checkpoint) await this.#live(removeCheckpoint(checkpoint.path));
    this.#isResumable = false;
    this.#isComplete = true;
    await this.#live(Promise.all([source, ...transforms.map(objectOf)].map(async (each) => each?.close?.())));
  }

  async #finishSink(sink: Sink): Promise<void> {
    this.#finishing = sink.finishing ?? null;
    await this.#callSink(sink, async () => sink.finish?.());
    this.#finishing = null;
    this.#finished.add(sink);
  }

  /** Outside of `consume`; what it takes is time that the sink is busy. */
  async #callSink(sink: Sink, call: () => Promise<void>): Promise<void> {
    const meter = sink === this.#plan.sink ? this.#stages?.sink.meter : undefined;
    meter?.note(1, 'starved');
    const called = call();
    this.#sinkCall = called.catch(() => undefined);
    try {
      await called;
    } catch (error) {
      throw stageError(this.#plan.names?.sink ?? 'sink', error);
    } finally {
      meter?.note(0, 'starved');
    }
  }

  #isCheckpointDue(): boolean {
    const { checkpoint } = this.#plan;
    if (!checkpoint) return false;
    const { everyMs = CHECKPOINT_EVERY_MS, everyRows = Infinity } = checkpoint;
    const rows = this.#stages!.source.meter.rows - this.#checkpointed.rows;
    return rows >= everyRows || (rows > 0 && performance.now() - this.#checkpointed.ms >= everyMs);
  }

  /** Only where no batch is under way: then all that was read is in the sinks, or counted as not. */
  async #writeCheckpoint(): Promise<void> {
    const { checkpoint, transforms = [] } = this.#plan;
    const stages = this.#stages!;
    const sinks: CheckpointState[] = [];
    for (const sink of stages.sinks) {
      await this.#live(this.#callSink(sink, () => sink.flush()));
      sinks.push((await this.#live(Promise.resolve(sink.checkpoint?.()))) ?? null);
    }
    const states: Record<string, CheckpointState> = {};
    for (const stage of transforms) {
      const state = objectOf(stage)?.checkpoint?.();
      if (state !== undefined) states[stage.name] = await this.#live(Promise.resolve(state));
    }
    const { rows } = stages.source.meter;
    const counts = metersOf(stages).map((meter) => meter.countsOf());
    const { path, identity } = checkpoint!;
    const written = writeCheckpoint(path, { identity, rows, counts, transforms: states, sinks });
    this.#writing = written.catch(() => undefined);
    await this.#live(written);
    this.#isResumable = true;
    this.#checkpointed = { rows, ms: performance.now() };
  }

  async #resume(stages: Stages): Promise<void> {
    const { checkpoint } = this.#plan;
    if (!checkpoint) return;
    const meters = metersOf(stages);
    const expected = { identity: checkpoint.identity, stages: meters.length, sinks: stages.sinks.length };
    this.#isRefused = true;
    const found = await this.#live(readCheckpoint(checkpoint.path, expected));
    this.#isRefused = false;
    if (!found) return;
    this.#isResumable = true;
    await this.#goBackTo(found, stages.sinks);
    for (const [at, meter] of meters.entries()) meter.restore(found.counts[at]!);
    this.#checkpointed = { rows: found.rows, ms: performance.now() };
  }

  async #goBackTo(found: Checkpoint, sinks: readonly Sink[]): Promise<void> {
    const { checkpoint, source, transforms = [] } = this.#plan;
    for (const [at, sink] of sinks.entries()) {
      const state = found.sinks[at] ?? null;
      if (state !== null && !sink.resume)
        throw checkpointError(checkpoint!.path, 'a sink cannot go back to it');
      if (state !== null) await this.#live(this.#callSink(sink, () => sink.resume!(state)));
    }
    for (const stage of transforms) {
      const state = found.transforms[stage.name];
      if (state !== undefined) await objectOf(stage)?.resume?.(state);
    }
    await source.seek!(found.rows);
  }

  /** What failed may be resumed if the sink can be left as it is; what was aborted leaves nothing. */
  async #tearDown(): Promise<void> {
    if (this.#isComplete) return;
    const { checkpoint, source, sink, transforms = [] } = this.#plan;
    const { signal } = this.#options;
    const stages = this.#stages;
    const isAborted = signal?.aborted === true && this.#flow.signal.reason === signal.reason;
    const isKept = !isAborted && this.#isResumable && sink.suspend !== undefined;
    const isLeft = isKept || this.#isRefused;
    const dead = this.#flow.pendingDeadLetters;
    const endings = [
      { settled: async () => stages?.source.settled(), end: source.close ? () => source.close!() : null },
      ...transforms.map((stage, at) => ({
        settled: async () => stages?.transforms[at]?.settled(),
        end: objectOf(stage)?.close ? async () => objectOf(stage)!.close!() : null,
      })),
      ...sinksOf(this.#plan).map((each) => ({
        settled: async () =>
          Promise.allSettled([this.#sinkCall, each === sink ? stages?.sink.settled() : dead.get(each)]),
        end: async () => {
          if (this.#finished.has(each)) return;
          await (isLeft && each.suspend ? each.suspend() : each.abort?.());
        },
      })),
    ];
    await tearDown(endings, isAborted ? abortPatience : errorPatience, async () => {
      await this.#writing;
      if (checkpoint && this.#isResumable && !isKept) await removeCheckpoint(checkpoint.path);
    });
  }
}

/** The stages of a run. */
interface Stages {
  readonly source: SourcePump;
  readonly transforms: readonly TransformPump[];
  readonly sink: SinkPump;
  /** The sink, then those for dead letters. */
  readonly sinks: readonly Sink[];
}

type Checkpointing = { isDue(): boolean; write(): Promise<void> };

function buildStages(
  plan: StagesPlan,
  resolved: ResolvedPlan,
  flow: Flow,
  checkpointing: Checkpointing,
): Stages {
  const queues = resolved.queues.map((bounds) => new StageQueue(bounds));
  const { isOrdered, limits, transforms } = resolved;
  return {
    source: new SourcePump(resolved.sourceName, plan.source, {
      flow,
      output: queues[0]!,
      limits,
      isProbing: transforms.length > 0,
      checkpoint: plan.checkpoint ? checkpointing : null,
    }),
    transforms: transforms.map(
      (stage, index) =>
        new TransformPump(stage, {
          flow,
          index,
          input: queues[index]!,
          output: queues[index + 1]!,
          isOrdered,
        }),
    ),
    sink: new SinkPump(
      resolved.sinkName,
      { sink: plan.sink, onError: resolved.onSinkError },
      queues.at(-1)!,
      flow,
    ),
    sinks: [plan.sink, ...resolved.deadLetters],
  };
}

/** Also of a plan that is refused. */
function sinksOf({ sink, transforms = [], onSinkError }: StagesPlan): readonly Sink[] {
  const policies = [...transforms.map(({ onError }) => onError), onSinkError];
  const dead = policies.flatMap((policy) => (typeof policy === 'object' ? [policy.deadLetter] : []));
  return [...new Set([sink, ...dead])];
}

const metersOf = ({ source, transforms, sink }: Stages) => [
  source.meter,
  ...transforms.map(({ meter }) => meter),
  sink.meter,
];

function statsOf({ source, transforms, sink }: Stages): StageStats[] {
  const { batches, bytes } = source.buffered;
  return [
    source.meter.statsOf({ queuedBatches: batches, queuedBytes: bytes, memoryBytes: source.memoryBytes }),
    ...[...transforms, sink].map((stage) =>
      stage.meter.statsOf({
        queuedBatches: stage.input.length,
        queuedBytes: stage.input.bytes,
        memoryBytes: stage.memoryBytes,
      }),
    ),
  ];
}
