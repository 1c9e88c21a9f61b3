// Replays of the public matrices, and how long one of 3,133 queries takes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLatencyMatrix, replayMatrix } from '../../src/steer/policy/index.ts';
import type { LatencyMatrix, ReplayReport } from '../../src/steer/policy/index.ts';
import { createRandom } from '../support/random.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const bench = 'dag.replay';
const folder = join(import.meta.dirname, '../fixtures/limeqo');
const read = (name: string): LatencyMatrix =>
  parseLatencyMatrix(readFileSync(join(folder, name), 'utf8'), { name });

interface Figure {
  readonly name: string;
  readonly of: (report: ReplayReport) => number;
  readonly beside: (report: ReplayReport) => number;
  readonly besideName: string;
  readonly most: number;
}

const figures: Readonly<Record<string, readonly Figure[]>> = {
  'dsb.csv': [
    {
      name: 'offline, rank 2',
      of: ({ offline }) => offline.ratio,
      beside: ({ offline }) => offline.greedy,
      besideName: 'greedy',
      most: 0.71,
    },
    {
      name: 'online, eager, 5 passes',
      of: ({ online }) => online.ratio,
      beside: ({ online }) => online.oracle,
      besideName: 'oracle of its arms',
      most: 0.78,
    },
    {
      name: 'online, safe, 10 passes',
      of: ({ online }) => online.safeRatio,
      beside: ({ online }) => online.oracle,
      besideName: 'oracle of its arms',
      most: 0.8,
    },
    {
      name: 'runs over 20 % slower, safe',
      of: ({ online }) => online.safeSlowerShare,
      beside: ({ online }) => online.slowerShare,
      besideName: 'eager',
      most: 0.035,
    },
    {
      name: 'unseen templates',
      of: ({ unseen }) => unseen.ratio,
      beside: () => 1,
      besideName: 'the default',
      most: 1.02,
    },
  ],
  'job.csv': [
    {
      name: 'offline, rank 2',
      of: ({ offline }) => offline.ratio,
      beside: ({ offline }) => offline.greedy,
      besideName: 'greedy',
      most: 0.7,
    },
  ],
};

async function* replayCases(): AsyncGenerator<BenchCase> {
  for (const [name, rows] of Object.entries(figures)) {
    const report = await replayMatrix(read(name));
    for (const { name: figure, of, beside, besideName, most } of rows) {
      yield {
        bench,
        case: `${name}: ${figure}`,
        unit: 'share',
        better: 'lower',
        anchorName: besideName,
        ours: async () => of(report),
        anchor: async () => beside(report),
        goal: (value) => value <= most,
        runs: 1,
        warmup: false,
      };
    }
  }
  const large = buildLarge(3133, 49);
  yield {
    bench,
    case: '3,133 queries by 49 arms, one seed of 20',
    unit: 's',
    better: 'lower',
    anchorName: 'goal: 15 s, so that 20 seeds take 5 minutes',
    ours: async () => {
      const from = performance.now();
      await replayMatrix(large, { seeds: 1 });
      return (performance.now() - from) / 1000;
    },
    anchor: null,
    goal: (seconds) => seconds <= 15,
    runs: 1,
    warmup: false,
  };
}

/** Lognormal latencies with two hidden factors; half of the cells of a row share a plan with another one. */
function buildLarge(queries: number, arms: number): LatencyMatrix {
  const random = createRandom(1);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const factors = Array.from({ length: arms }, () => [normal(), normal()] as const);
  const lines = [['query', ...Array.from({ length: arms }, (_, arm) => arm)].join(',')];
  for (let query = 0; query < queries; query++) {
    const base = Math.exp(1.5 * normal());
    const own = [normal(), normal()] as const;
    const row = [base];
    for (let arm = 1; arm < arms; arm++) {
      const [one, other] = factors[arm]!;
      const shared = row[Math.floor(random() * row.length)]!;
      row.push(
        random() < 0.5
          ? shared
          : base * Math.exp(0.5 + 0.6 * (one * own[0] + other * own[1]) + 0.3 * normal()),
      );
    }
    lines.push([`${(query % 16) + 1}a${query}`, ...row].join(','));
  }
  return parseLatencyMatrix(lines.join('\n'), { name: 'large' });
}

export const topics: readonly BenchTopic[] = [{ name: bench, cases: replayCases }];
