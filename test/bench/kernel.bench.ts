// The notebook kernel beside ipykernel, Deno's kernel and tslab: start, round trip, output, interrupt, answers
// while a cell spins, loops, completion, idle memory. Ours runs from dist/kernel: `npm run build` first.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import * as zmq from 'zeromq';
import { spawnKernel, startKernel } from '../support/kernel-client.ts';
import type { KernelClient } from '../support/kernel-client.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

type Command = (connectionFile: string) => readonly string[];

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const require = createRequire(import.meta.url);
const built = path('dist/kernel/main.js');
const node = process.execPath;
const ours: Command = (file) => [
  node,
  '--no-force-async-hooks-checks',
  existsSync(built) ? built : path('kernel/main.ts'),
  file,
];

/** The rivals that are installed here. */
function findPeers(): Record<string, Command> {
  const peers: Record<string, Command> = {
    ipykernel: (file) => [path('.venv/bin/python'), '-m', 'ipykernel_launcher', '-f', file],
    tslab: (file) => [node, path('node_modules/tslab/bin/tslab'), 'kernel', '--config-path', file],
  };
  const deno = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;
  try {
    const binary = require.resolve(`${deno}/deno`);
    peers['Deno'] = (file) => [binary, 'jupyter', '--kernel', '--conn', file];
  } catch {
    // This platform has no Deno package: its cases are left out.
  }
  return peers;
}

const transport = 'tcp';

/** Milliseconds from the start of the process to kernel_info_reply. */
async function measureStart(command: Command): Promise<number> {
  const startMs = performance.now();
  await using kernel = await spawnKernel({ command, transport, reconnectMs: 2 });
  kernel.connect();
  const id = await kernel.send('shell', 'kernel_info_request');
  await kernel.wait((m) => m.channel === 'shell' && m.parentHeader['msg_id'] === id, 30_000);
  return performance.now() - startMs;
}

/** Milliseconds of one cell to reply and idle. */
async function measureCell(kernel: KernelClient, code: string): Promise<number> {
  const startMs = performance.now();
  await kernel.execute(code);
  return performance.now() - startMs;
}

async function measureRoundTrip(kernel: KernelClient): Promise<number> {
  const timesMs: number[] = [];
  for (let i = 0; i < 30; i++) timesMs.push(await measureCell(kernel, '1+1'));
  return quantile(timesMs, 0.5);
}

const build = (name: string, rest: Omit<BenchCase, 'bench' | 'case'>): BenchCase => ({
  bench: `kernel.${name.split(/[ ,]/)[0]!}`,
  case: name,
  runs: 3,
  ...rest,
});
const milliseconds = { unit: 'ms', better: 'lower' } as const;
const alone = { ...milliseconds, anchor: null, anchorName: 'goal of the issue' };

async function* startCases(peers: Record<string, Command>): AsyncIterable<BenchCase> {
  for (const [name, command] of Object.entries(peers)) {
    yield build(`start, ${name}`, {
      ...milliseconds,
      anchorName: name,
      ours: () => measureStart(ours),
      anchor: () => measureStart(command),
      goal: (_ms, ratio) => (ratio ?? 0) >= (name === 'ipykernel' ? 2.5 : 1),
    });
  }
}

async function* peerCases(kernel: KernelClient, peers: Record<string, Command>): AsyncIterable<BenchCase> {
  for (const [name, command] of Object.entries(peers)) {
    await using peer = await startKernel({ command, transport });
    yield build(`roundtrip, ${name}`, {
      ...milliseconds,
      anchorName: name,
      ours: () => measureRoundTrip(kernel),
      anchor: () => measureRoundTrip(peer),
      goal: (_ms, ratio) => (ratio ?? 0) >= (name === 'ipykernel' ? 3 : 1),
    });
    // tslab never ends a cell of more than some hundred lines.
    if (name === 'tslab') continue;
    const print = (lines: number): string => `for (let i = 0; i < ${lines}; i++) console.log(i)`;
    for (const lines of [5000, 100_000]) {
      const theirs = name === 'ipykernel' ? `for i in range(${lines}): print(i)` : print(lines);
      yield build(`output of ${lines} lines, ${name}`, {
        ...milliseconds,
        anchorName: name,
        ours: () => measureCell(kernel, print(lines)),
        anchor: () => measureCell(peer, theirs),
      });
    }
  }
}

const spinning = {
  'synchronous loop': 'for (;;) {}',
  'pending await': 'await new Promise(() => {})',
  'loop after await': 'await new Promise((r) => setTimeout(r, 5)); for (;;) {}',
  'timer loop': 'setTimeout(() => { for (;;) {} }, 1); await new Promise(() => {})',
};

async function startSpinning(kernel: KernelClient, code: string): Promise<string> {
  const id = await kernel.sendCell(code);
  await kernel.wait((m) => m.header.msg_type === 'execute_input' && m.parentHeader['msg_id'] === id);
  await delay(100);
  return id;
}

async function* interruptCases(kernel: KernelClient): AsyncIterable<BenchCase> {
  for (const [name, code] of Object.entries(spinning)) {
    yield build(`interrupt, ${name}`, {
      ...alone,
      ours: async () => {
        const id = await startSpinning(kernel, code);
        const startMs = performance.now();
        await kernel.interrupt();
        await kernel.exchange(id);
        return performance.now() - startMs;
      },
      goal: (ms) => ms <= 50,
    });
  }
}

/** 95th percentile of 50 answers while a cell spins. */
async function measureBusy(kernel: KernelClient, ask: () => Promise<unknown>): Promise<number> {
  const id = await startSpinning(kernel, 'for (;;) {}');
  await ask();
  const timesMs: number[] = [];
  for (let i = 0; i < 50; i++) {
    const startMs = performance.now();
    await ask();
    timesMs.push(performance.now() - startMs);
  }
  await kernel.interrupt();
  await kernel.exchange(id);
  return quantile(timesMs, 0.95);
}

async function* liveCases(kernel: KernelClient): AsyncIterable<BenchCase> {
  const heart = new zmq.Request({ linger: 0 });
  heart.connect(kernel.address('hb'));
  const beat = async (): Promise<void> => {
    await heart.send('ping');
    await heart.receive();
  };
  const complete = (): Promise<unknown> =>
    kernel.request('complete_request', { code: 'Math.sq', cursor_pos: 7 });
  const inspect = (): Promise<unknown> =>
    kernel.request('inspect_request', { code: 'earlier', cursor_pos: 7, detail_level: 0 });
  const goal = (ms: number): boolean => ms <= 10;
  yield build('busy heartbeat, p95', { ...alone, goal, ours: () => measureBusy(kernel, beat) });
  yield build('busy variable, p95', { ...alone, goal, ours: () => measureBusy(kernel, inspect) });
  yield build('busy completion, p95', { ...alone, goal, ours: () => measureBusy(kernel, complete) });
  heart.close();
  yield build('loop of 1e6 over an earlier let', {
    ...alone,
    goal,
    ours: () => measureCell(kernel, 'for (let i = 0; i < 1e6; i++) earlier += i'),
  });
  yield build('complete member', {
    ...alone,
    goal: (ms) => ms <= 5,
    ours: async () => {
      const startMs = performance.now();
      await complete();
      return performance.now() - startMs;
    },
  });
}

/** Resident memory of a process in MB. */
const readMemory = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function* memoryCase(peers: Record<string, Command>): AsyncIterable<BenchCase> {
  const measureIdle = async (command: Command): Promise<number> => {
    await using kernel = await startKernel({ command, transport });
    await delay(1000);
    return readMemory(kernel.process.pid!);
  };
  yield build('memory, idle', {
    unit: 'MB',
    better: 'lower',
    anchorName: 'ipykernel',
    warmup: false,
    ours: () => measureIdle(ours),
    anchor: () => measureIdle(peers['ipykernel']!),
    goal: (mb) => mb <= 110,
  });
}

export const topics: readonly BenchTopic[] = [
  {
    name: 'kernel',
    async *cases() {
      const peers = findPeers();
      yield* startCases(peers);
      await using kernel = await startKernel({ command: ours, transport });
      await kernel.execute('let earlier = 0');
      yield* peerCases(kernel, peers);
      yield* interruptCases(kernel);
      yield* liveCases(kernel);
      yield* memoryCase(peers);
    },
  },
];
