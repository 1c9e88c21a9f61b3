// Thirty days of a host at 1 Hz to the training set, from the sealed segments on disk, each run in a process of its own.
// The anchor reads the same files with pandas and computes the same labels and all features but one, whole columns at
// a time in memory.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';
import { writeLongHistory } from '../support/store/long-history.ts';

const run = promisify(execFile);
const support = join(import.meta.dirname, '../support/prepare');
const days = 30;
const runs = 3;
const mostMib = 300;

/** What one run took. */
interface Taken {
  readonly rows: number;
  readonly classCounts: readonly (readonly number[])[];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

const beside: readonly (readonly ['cpuSeconds' | 'peakMib', string, NonNullable<BenchCase['goal']>])[] = [
  ['cpuSeconds', 's of CPU', (_, ratio) => ratio! >= 1],
  ['peakMib', 'MiB at most', (ours) => ours <= mostMib],
];

async function take(program: string, script: string, directory: string): Promise<Taken> {
  const { stdout } = await run(program, [join(support, script), directory]);
  return JSON.parse(stdout) as Taken;
}

/** Rows of each label, whatever their split. */
const countLabels = ({ classCounts }: Taken): string =>
  classCounts[0]!.map((_, label) => classCounts.reduce((sum, counts) => sum + counts[label]!, 0)).join(', ');

async function* cases(): AsyncGenerator<BenchCase> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  const taken: { ours: Taken[]; anchor: Taken[] } = { ours: [], anchor: [] };
  const common = {
    bench: 'train.prepare',
    better: 'lower',
    anchorName: 'pandas: all labels, 24 of the 25 features',
    runs,
    warmup: false,
  } as const;
  try {
    await writeLongHistory(directory, { hours: days * 24, processes: 0 });
    yield {
      ...common,
      case: `${days} days at 1 Hz`,
      unit: 's',
      ours: async () => {
        taken.ours.push(await take(process.execPath, 'train-prepare.ts', directory));
        return taken.ours.at(-1)!.seconds;
      },
      anchor: async () => {
        taken.anchor.push(await take(python, 'train-prepare-peer.py', directory));
        const [ours, anchor] = [taken.ours.at(-1)!, taken.anchor.at(-1)!].map(countLabels);
        if (ours !== anchor) throw new Error(`Cannot compare: labels ${ours} beside ${anchor}`);
        return taken.anchor.at(-1)!.seconds;
      },
      goal: (_, ratio) => ratio! >= 1,
    };
    // What the same runs took beside time.
    for (const [figure, unit, goal] of beside) {
      const [ours, anchor] = [taken.ours, taken.anchor].map((all) => all.map((one) => one[figure]).values());
      yield {
        ...common,
        case: `${days} days at 1 Hz`,
        unit,
        ours: () => Promise.resolve(ours!.next().value!),
        anchor: () => Promise.resolve(anchor!.next().value!),
        goal,
      };
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'train.prepare', cases }];
