// collect.cost: CPU time of one full sample (memory, PSI, cgroup, 200 and more processes) against
// psutil reading the same fields of the same processes, and the share of a core at 1 Hz.
import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createCollector, sampleAtRate } from '../../src/collect/index.ts';
import type { Collector } from '../../src/collect/index.ts';
import { systemClock } from '../../src/core/index.ts';
import type { Clock } from '../../src/core/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

const PROCESSES = 200;
const BURST_SAMPLES = 20;
const STEADY_SAMPLES = 8;
/** One of these scans the processes. */
const SERVED_SAMPLES = 10;
const LARGEST = 5;

export const topics: readonly BenchTopic[] = [{ name: 'collect.cost', cases: collectCost }];

async function* collectCost(): AsyncIterable<BenchCase> {
  const idle: ChildProcess[] = [];
  let psutil: PsutilSampler | null = null;
  try {
    for (let i = 0; i < PROCESSES; i++) idle.push(spawn('sleep', ['600'], { stdio: 'ignore' }));
    await Promise.all(idle.map((child) => once(child, 'spawn')));
    const processes = await countWithMemory();
    psutil = existsSync(python) ? startPsutil() : null;
    yield* burstCases(psutil, processes);
    yield* steadyCases(psutil, processes);
  } finally {
    psutil?.stop();
    for (const child of idle) child.kill('SIGKILL');
  }
}

async function countWithMemory(): Promise<number> {
  await using collector = await createCollector();
  return (await collector.sample()).processes?.length ?? 0;
}

async function* burstCases(psutil: PsutilSampler | null, processes: number): AsyncIterable<BenchCase> {
  for (const largest of [0, LARGEST]) {
    await using collector = await createCollector({
      processIntervalMs: 0,
      smapsTop: largest,
      clock: standingClock,
    });
    yield {
      ...common(psutil),
      case: `sample of ${processes} processes, smaps of ${largest}`,
      unit: 'ms CPU/sample',
      ours: () => measureBurst(collector),
      anchor: psutil && (() => psutil.cpuMsPerSample(BURST_SAMPLES, 0, largest)),
      goal: (_ours, ratio) => ratio === null || ratio >= 3,
    };
  }
}

async function* steadyCases(psutil: PsutilSampler | null, processes: number): AsyncIterable<BenchCase> {
  await using collector = await createCollector({ processIntervalMs: 0, smapsTop: LARGEST });
  yield {
    ...common(psutil),
    case: `1 Hz, ${processes} processes in every sample`,
    unit: '% of one core',
    ours: () => measureSteady(collector, STEADY_SAMPLES),
    anchor: psutil && (async () => (await psutil.cpuMsPerSample(STEADY_SAMPLES, 1, LARGEST)) / 10),
    goal: (ours) => ours <= 1,
    warmup: false,
  };
  await using served = await createCollector();
  yield {
    ...common(psutil),
    case: `1 Hz as the daemon samples, ${processes} processes every 10 s`,
    unit: '% of one core',
    ours: () => measureSteady(served, SERVED_SAMPLES),
    anchor: null,
    anchorName: 'none: a schedule of our own; goal 1 %',
    goal: (ours) => ours <= 1,
    warmup: false,
  };
}

function common(psutil: PsutilSampler | null): Pick<BenchCase, 'bench' | 'better' | 'anchorName'> {
  const anchorName = psutil ? 'psutil, kept processes, oneshot' : 'none: .venv with psutil is missing';
  return { bench: 'collect.cost', better: 'lower', anchorName };
}

// With time standing still no read has a cost, so every sample reads the smaps_rollup of the largest
// processes as psutil does; otherwise the collector reads those of big processes less often.
const standingClock: Clock = { ...systemClock, monotonicMs: () => 0 };

async function measureBurst(collector: Collector): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < BURST_SAMPLES; i++) await collector.sample();
  return cpuMsSince(before) / BURST_SAMPLES;
}

// The whole loop counts: timer, stream and scan with caches gone cold in between.
async function measureSteady(collector: Collector, wanted: number): Promise<number> {
  const before = process.cpuUsage();
  let samples = 0;
  for await (const _sample of sampleAtRate({ collector, hz: 1 })) {
    if (++samples === wanted) break;
  }
  return cpuMsSince(before) / wanted / 10;
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

interface PsutilSampler {
  cpuMsPerSample(samples: number, periodS: number, largest: number): Promise<number>;
  stop(): void;
}

function startPsutil(): PsutilSampler {
  const script = join(import.meta.dirname, 'psutil-sampler.py');
  const child: ChildProcessWithoutNullStreams = spawn(python, [script]);
  child.stderr.pipe(process.stderr);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async cpuMsPerSample(samples, periodS, largest) {
      child.stdin.write(`${samples} ${periodS} ${largest}\n`);
      const answer = await answers.next();
      if (answer.done) throw new Error('Cannot measure psutil: its process ended; see its message above');
      return Number(answer.value);
    },
    stop: () => child.kill('SIGKILL'),
  };
}
