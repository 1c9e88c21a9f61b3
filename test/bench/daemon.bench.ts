// `daemon.memory`: what `serve` holds at 1 Hz with the bundled model, summed over its processes, once it is
// settled: a look every second from the second to the third minute. Beside it, started at the same time, psutil
// in Python at 1 Hz, which samples and does nothing else. Pages of the Node executable are shared with this
// bench, which counts in PSS: RSS is what a host that runs no other Node gives up.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOwnMemoryReader } from '../../src/app/own-memory.ts';
import type { OwnMemory } from '../../src/app/own-memory.ts';
import type { HostStatus } from '../../src/app/status-types.ts';
import { createTestHome, poll, python, startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { median } from './harness.ts';
import type { BenchTopic } from './harness.ts';

const SETTLE_MS = 120_000;
const LOOKS = 60;
const GOAL_MB = 90;

const megabytes = (kib: number): number => (kib * 1024) / 1e6;

/** A reader that looks at every call. */
function readerOf(pid: number): () => OwnMemory {
  let calls = 0;
  return createOwnMemoryReader({ pid, nowMs: () => ++calls * 60_000 });
}

function startSampler(): ChildProcess {
  const script = join(import.meta.dirname, 'psutil-sampler.py');
  const child = spawn(python, [script], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.write('1000000 1 0\n');
  return child;
}

/** Starts and stops one, so that the modules of the one that is measured are compiled, as at every start but the first. */
async function compileOnce(): Promise<void> {
  await using home = await createTestHome();
  await using daemon = await startDaemon(home);
  await untilModelDecides(daemon);
  await daemon.stop();
}

async function untilModelDecides(daemon: Daemon): Promise<void> {
  await poll(
    async () => (await daemon.client.request('status')).result as HostStatus,
    ({ decisions }) => decisions.bySource.model > 0,
  );
}

interface Looks {
  readonly ours: readonly OwnMemory[];
  readonly anchor: readonly OwnMemory[];
}

async function look(): Promise<Looks> {
  await using home = await createTestHome();
  await using daemon = await startDaemon(home);
  const sampler = startSampler();
  try {
    await untilModelDecides(daemon);
    await sleep(SETTLE_MS);
    const readers = [readerOf(daemon.child.pid!), readerOf(sampler.pid!)] as const;
    const ours: OwnMemory[] = [];
    const anchor: OwnMemory[] = [];
    for (let i = 0; i < LOOKS; i++) {
      ours.push(readers[0]());
      anchor.push(readers[1]());
      await sleep(1000);
    }
    return { ours, anchor };
  } finally {
    sampler.kill('SIGKILL');
  }
}

const rss = ({ rssKib }: OwnMemory): number => megabytes(rssKib);
const pss = ({ pssKib }: OwnMemory): number => megabytes(pssKib ?? NaN);

const daemonMemory: BenchTopic = {
  name: 'daemon.memory',
  async *cases() {
    await compileOnce();
    const { ours, anchor } = await look();
    const figures = [
      { name: 'RSS, median of a minute', of: rss, take: median, goal: GOAL_MB },
      {
        name: 'RSS, most of a minute',
        of: rss,
        take: (values: number[]) => Math.max(...values),
        goal: GOAL_MB,
      },
      { name: 'PSS, median of a minute', of: pss, take: median, goal: GOAL_MB },
    ];
    for (const { name, of, take, goal } of figures) {
      yield {
        bench: 'daemon.memory',
        case: name,
        unit: 'MB',
        better: 'lower',
        anchorName: 'psutil in Python, 1 Hz, sampling only',
        runs: 1,
        warmup: false,
        ours: async () => take(ours.map(of)),
        anchor: async () => take(anchor.map(of)),
        goal: (value) => value <= goal,
      };
    }
  },
};

export const topics: readonly BenchTopic[] = [daemonMemory];
