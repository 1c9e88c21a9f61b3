// A run of stages drawn at random: its stages, queues, workers, memory, delays, errors, and the moment it is ended.
import type { Batch, ErrorPolicy, Sink, Source } from '../../../src/pipeline/index.ts';
import type { StagesOptions, StagesPlan, TransformStage } from '../../../src/pipeline/index.ts';
import { createMemoryBudget } from '../../../src/pipeline/memory/budget.ts';
import { batchOf, numberBatch, numberSchema, numbersOf, padBatch } from './number-batches.ts';

/** A run, and what its parts saw. */
export interface RandomRun {
  readonly plan: StagesPlan;
  readonly options: StagesOptions;
  readonly totalRows: number;
  readonly seen: Seen;
  /** False when no stage hands anything to the dead-letter sink, which the run then does not know. */
  readonly hasDead: boolean;
  /** True when stages make batches larger, which memory may not hold. */
  readonly grows: boolean;
  /** True when a stage failed whose policy is to fail. */
  mustFail(): boolean;
  isAborted(): boolean;
  isDrained(): boolean;
  stopClocks(): void;
}

/** What came where. */
interface Seen {
  readonly written: number[];
  readonly dead: number[];
  /** Rows of batches that were skipped. */
  readonly skipped: number[];
  readonly ended: { source: string; sink: string; dead: string };
  /** Calls of a source or a sink while another was under way. */
  overlaps: number;
}

type Random = () => number;
type Pause = () => Promise<void> | undefined;

/** Draws a run. Rows are numbers from 0. */
export function buildRandomRun(random: Random): RandomRun {
  const state = { mustFail: false };
  const seen: Seen = {
    written: [],
    dead: [],
    skipped: [],
    ended: { source: 'open', sink: 'open', dead: 'open' },
    overlaps: 0,
  };
  const draw = (below: number): number => Math.floor(random() * below);
  const totalRows = draw(80);
  const grows = random() < 0.3;
  const errorRate = random() < 0.4 ? random() * 0.1 : 0;
  const dead = buildSink(seen, 'dead', buildPause(random), () => false);
  const policy = (): ErrorPolicy => {
    const drawn = random();
    if (drawn < 0.2) return 'fail';
    return drawn < 0.6 ? 'skip' : { deadLetter: dead };
  };
  const onError =
    (kind: ErrorPolicy): ((batch: Batch) => boolean) =>
    (batch) => {
      if (random() >= errorRate) return false;
      if (kind === 'fail') state.mustFail = true;
      if (kind === 'skip') seen.skipped.push(...numbersOf([batch]));
      return true;
    };
  const onSinkError = policy();
  const sink = buildSink(seen, 'sink', buildPause(random), onError(onSinkError));
  const transforms = Array.from({ length: draw(4) }, (_, at) =>
    buildStage({ random, at, grows, policy: policy(), onError }),
  );
  const hasDead = [onSinkError, ...transforms.map((stage) => stage.onError)].some(
    (each) => typeof each === 'object',
  );
  if (!hasDead) seen.ended.dead = 'unused';
  const budget = createMemoryBudget(700 + draw(20_000));
  const plan: StagesPlan = {
    source: buildSource(seen, totalRows, random, buildPause(random), () => {
      if (random() >= errorRate / 4) return false;
      state.mustFail = true;
      return true;
    }),
    transforms,
    sink,
    onSinkError,
    budget,
    sinkQueue: { batches: 1 + draw(4), bytes: 1 + draw(500) },
    batch: { rows: 1 + draw(30), minRows: 1 + draw(30), bytes: 1 + draw(400), lingerMs: 1 + draw(3) },
    isOrdered: random() < 0.7,
  };
  const ends = drawEnds(random);
  return {
    plan,
    options: ends.options,
    totalRows,
    seen,
    hasDead,
    grows,
    mustFail: () => state.mustFail,
    isAborted: () => ends.options.signal.aborted,
    isDrained: () => ends.options.drain.aborted,
    stopClocks: ends.stop,
  };
}

interface StageDraw {
  readonly random: Random;
  readonly at: number;
  readonly grows: boolean;
  readonly policy: ErrorPolicy;
  readonly onError: (kind: ErrorPolicy) => (batch: Batch) => boolean;
}

function buildStage({ random, at, grows, policy, onError }: StageDraw): TransformStage {
  const draw = (below: number): number => Math.floor(random() * below);
  const pause = buildPause(random);
  const fails = onError(policy);
  const copies = random() < 0.5;
  const padding = grows ? draw(4) : 0;
  return {
    name: `stage ${at}`,
    workers: 1 + draw(4),
    onError: policy,
    queue: { batches: 1 + draw(4), bytes: 1 + draw(500) },
    transform: async (batch) => {
      await pause();
      if (fails(batch)) throw new Error('as drawn');
      if (padding > 0) return padBatch(batch, draw(padding + 1));
      return copies ? batchOf((batch.data.children[0]!.values as Float64Array).slice()) : batch;
    },
  };
}

/** Nothing, a microtask, several, a turn of the event loop, or now and then a millisecond. */
function buildPause(random: Random): Pause {
  const slowness = random();
  return () => {
    const drawn = random();
    if (drawn < 0.3) return undefined;
    if (drawn < 0.6 || slowness < 0.5) return Promise.resolve();
    if (drawn < 0.98) return new Promise((resolve) => void setImmediate(resolve));
    return new Promise((resolve) => void setTimeout(resolve, 1));
  };
}

function buildSource(
  seen: Seen,
  totalRows: number,
  random: Random,
  pause: Pause,
  fails: () => boolean,
): Source {
  let at = 0;
  let isBusy = false;
  const heedsLimit = random() < 0.8;
  const hasHint = random() < 0.5;
  return {
    schema: numberSchema,
    async nextBatch(maxRows) {
      if (isBusy) seen.overlaps++;
      isBusy = true;
      await pause();
      isBusy = false;
      if (fails()) throw new Error('as drawn');
      if (at >= totalRows) return null;
      const most = heedsLimit ? maxRows : 20;
      const rows = Math.min(totalRows - at, Math.floor(random() * (most + 1)));
      at += rows;
      return numberBatch(at - rows, rows);
    },
    sizeHint: () => (hasHint ? totalRows - at : null),
    memoryUsage: () => 0,
    async close() {
      seen.ended.source = seen.ended.source === 'open' ? 'closed' : 'closed twice';
    },
  };
}

function buildSink(seen: Seen, name: 'sink' | 'dead', pause: Pause, fails: (batch: Batch) => boolean): Sink {
  const rows = name === 'sink' ? seen.written : seen.dead;
  let isBusy = false;
  const end = (how: string): void => {
    seen.ended[name] = seen.ended[name] === 'open' ? how : `${seen.ended[name]}, ${how}`;
  };
  return {
    async consume(batch) {
      if (isBusy) seen.overlaps++;
      isBusy = true;
      await pause();
      isBusy = false;
      if (fails(batch)) throw new Error('as drawn');
      rows.push(...numbersOf([batch]));
    },
    async flush() {
      if (isBusy) seen.overlaps++;
    },
    memoryUsage: () => 0,
    finish: async () => end('finished'),
    abort: async () => end('aborted'),
  };
}

/** One run in five is aborted, one in five drained, at a random moment. */
function drawEnds(random: Random): {
  options: { signal: AbortSignal; drain: AbortSignal };
  stop: () => void;
} {
  const [abort, drain] = [new AbortController(), new AbortController()];
  const drawn = random();
  const chosen = drawn < 0.2 ? abort : drain;
  let turns = drawn < 0.4 ? Math.floor(random() * 30) : Infinity;
  let isStopped = false;
  const tick = (): void => {
    if (isStopped || turns === Infinity) return;
    if (turns-- <= 0) chosen.abort(new Error('as drawn'));
    else setImmediate(tick);
  };
  tick();
  return {
    options: { signal: abort.signal, drain: drain.signal },
    stop: () => {
      isStopped = true;
    },
  };
}
