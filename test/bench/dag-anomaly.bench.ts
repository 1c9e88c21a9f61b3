// Detectors of src/dag/healing: time and memory of an observation, and how good they are: values between false alarms
// (ARL0), values until a shift is seen, AUC of injected anomalies, and the NAB score of our labelled series.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AnomalyDetector, Cusum, nabProfiles, scoreNab } from '../../src/dag/healing/index.ts';
import type { AnomalyOptions, ScoredSeries } from '../../src/dag/healing/index.ts';
import { distributions, measureArl0, measureAuc, measureDelay } from '../support/dag/detection-quality.ts';
import type { Alarm, Distribution, Score } from '../support/dag/detection-quality.ts';
import { readNabFixture, scoreWithDetector } from '../support/dag/nab-fixture.ts';
import { createPlainScore, createSortingScore } from '../support/dag/plain-detectors.ts';
import { createNormal } from '../support/dag/plans.ts';
import { createRandom } from '../support/random.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const run = promisify(execFile);
const bench = 'dag.anomaly';
const heapScript = join(import.meta.dirname, 'dag-anomaly-heap.ts');
const heapFlags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

/** µs a value. */
function timeValues(observe: (value: number) => unknown, count: number): number {
  const normal = createNormal(createRandom(1));
  const values = Float64Array.from({ length: count }, normal);
  const from = performance.now();
  for (const value of values) observe(value);
  return ((performance.now() - from) / count) * 1000;
}

const createAlarm =
  (options: AnomalyOptions, isDrift = false) =>
  (): Alarm => {
    const detector = new AnomalyDetector('bench', options);
    return (value) => {
      const isAnomalous = detector.observe(value);
      return isDrift ? detector.driftDirection !== 0 : isAnomalous;
    };
  };

const createScore = (): Score => {
  const detector = new AnomalyDetector('bench', { drift: false });
  return (value) => {
    detector.observe(value);
    return detector.score;
  };
};

/** The usual z-score, after the value has become part of the window. */
const createAnchorScore = (): Score => createPlainScore(100, 10, true);
const createAnchorAlarm = (): Alarm => {
  const score = createAnchorScore();
  return (value) => Math.abs(score(value)) > 3;
};
const inserted = 'z-score of mean and deviation that hold the value';

/** A figure that is the same in every run. */
const once = (measure: () => number): Pick<BenchCase, 'ours' | 'runs' | 'warmup'> => ({
  ours: async () => measure(),
  runs: 1,
  warmup: false,
});

function* costCases(): Generator<BenchCase> {
  for (const windowSize of [100, 1000, 10_000]) {
    yield {
      bench,
      case: `observe, window ${windowSize}`,
      unit: 'µs',
      better: 'lower',
      anchorName: 'the same score by sorting the window',
      ours: async () => {
        const detector = new AnomalyDetector('bench', { windowSize });
        return timeValues((value) => detector.observe(value), 200_000);
      },
      // Sorting a window of ten thousand takes milliseconds a value.
      anchor:
        windowSize > 1000 ? null : async () => timeValues(createSortingScore(windowSize, 10), windowSize * 3),
      goal: (time) => time <= 1,
    };
  }
  yield {
    bench,
    case: 'memory of an observation',
    unit: 'bytes',
    better: 'lower',
    anchorName: 'goal: none',
    ours: async () => Number((await run(process.execPath, [...heapFlags, heapScript])).stdout),
    anchor: null,
    goal: (bytes) => bytes < 1,
    warmup: false,
  };
}

interface Kind {
  readonly name: string;
  readonly create: () => Alarm;
}

const kinds: readonly Kind[] = [
  { name: 'z > 3 (default)', create: createAlarm({ drift: false }) },
  { name: 'z > 4', create: createAlarm({ zThreshold: 4, drift: false }) },
  { name: 'Page-Hinkley (default)', create: createAlarm({}, true) },
  { name: 'CUSUM', create: () => createAlarm({ drift: new Cusum() }, true)() },
];

function* qualityCases(): Generator<BenchCase> {
  for (const { name, create } of kinds) {
    for (const [kind, distribution] of Object.entries(distributions) as [string, Distribution][]) {
      yield {
        bench,
        case: `ARL0, ${name}, ${kind}`,
        unit: 'values',
        better: 'higher',
        anchorName: inserted,
        anchor: async () => measureArl0(createAnchorAlarm, distribution, 50_000),
        ...once(() => measureArl0(create, distribution)),
        goal: (values) => values >= 1000,
      };
    }
    for (const shift of [3, 1]) {
      yield {
        bench,
        case: `delay, ${name}, +${shift} deviations`,
        unit: 'values',
        better: 'lower',
        anchorName: inserted,
        anchor: async () => measureDelay(createAnchorAlarm, shift, 100),
        ...once(() => measureDelay(create, shift)),
        goal: (values) => shift < 3 || values <= 10,
      };
    }
  }
  for (const [kind, distribution] of Object.entries(distributions) as [string, Distribution][]) {
    yield {
      bench,
      case: `AUC, +4 deviations, ${kind}`,
      unit: 'AUC',
      better: 'higher',
      anchorName: inserted,
      anchor: async () => measureAuc(createAnchorScore, distribution),
      ...once(() => measureAuc(createScore, distribution)),
    };
  }
}

function* nabCases(): Generator<BenchCase> {
  const series = readNabFixture();
  const ours = series.map((each) => scoreWithDetector(each));
  const anchor = series.map((each): ScoredSeries => {
    const score = createAnchorScore();
    return { series: each, scores: each.values.map((value) => Math.abs(score(value))) };
  });
  for (const [name, profile] of Object.entries(nabProfiles)) {
    yield {
      bench,
      case: `NAB score of our series, ${name}`,
      unit: 'points',
      better: 'higher',
      anchorName: inserted,
      anchor: async () => scoreNab(anchor, { profile }).score,
      ...once(() => scoreNab(ours, { profile }).score),
    };
  }
}

async function* cases(): AsyncGenerator<BenchCase> {
  yield* costCases();
  yield* qualityCases();
  yield* nabCases();
}

export const topics: readonly BenchTopic[] = [{ name: bench, cases }];
