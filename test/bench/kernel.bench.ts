// The notebook kernel beside ipykernel, Deno's kernel and tslab: start, round trip, output, interrupt, answers
// while a cell spins, loops, completion, idle memory. Ours runs from dist/kernel: `npm run build` first.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import * as zmq from 'zeromq';
import { spawnKernel, startKernel } from '../support/kernel/kernel-client.ts';
import type { KernelClient } from '../support/kernel/kernel-client.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

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
    ipykernel: (file) => [python, '-m', 'ipykernel_launcher', '-f', file],
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

const STARTS = 3;

/** A rival may fail to start: tslab reads before its sockets are bound, now and then. */
async function tryStarting<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === STARTS) throw error;
    }
  }
}

/** Milliseconds of one cell to reply and idle. */
async function measureCell(kernel: KernelClient, code: string): Promise<number> {
  const startMs = performance.now();
  await kernel.exchange(await kernel.sendCell(code), 120_000);
  return performance.now() - startMs;
}

/** Median of 30 cells. A rival may lose an answer (tslab drops `idle` now and then): that cell is left out. */
async function measureRoundTrip(kernel: KernelClient, isRival = false): Promise<number> {
  const timesMs: number[] = [];
  // The client looks through all of it for an answer, and one kernel of ours stands beside all rivals.
  kernel.received.length = 0;
  for (let i = 0; i < 30; i++) {
    const startMs = performance.now();
    const exchange = kernel.exchange(await kernel.sendCell('1+1'), isRival ? 2000 : undefined);
    const isAnswered = await exchange.then(
      () => true,
      (error: unknown) => {
        if (!isRival) throw error;
        return false;
      },
    );
    if (isAnswered) timesMs.push(performance.now() - startMs);
  }
  return quantile(timesMs, 0.5);
}

const build = (name: string, rest: Omit<BenchCase, 'bench' | 'case'>): BenchCase => ({
  bench: `kernel.${name.split(/[ ,]/)[0]!}`,
  case: name,
  runs: 5,
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
      anchor: () => tryStarting(() => measureStart(command)),
      goal: (_ms, ratio) => (ratio ?? 0) >= (name === 'ipykernel' ? 2.5 : 1),
    });
  }
}

/** Runs one kernel of ours beside each rival in turn. */
async function* besidePeers(
  peers: Record<string, Command>,
  cases: (name: string, kernel: KernelClient, peer: KernelClient) => Iterable<BenchCase>,
): AsyncIterable<BenchCase> {
  await using kernel = await startKernel({ command: ours, transport });
  for (const [name, command] of Object.entries(peers)) {
    await using peer = await startRival(name, command);
    if (peer) yield* cases(name, kernel, peer);
  }
}

/** Null for one that does not start: it is left out, and said so. */
async function startRival(name: string, command: Command): Promise<KernelClient | null> {
  try {
    return await tryStarting(() => startKernel({ command, transport }));
  } catch (error) {
    process.stderr.write(`${name} is left out: ${String(error).slice(0, 200)}\n`);
    return null;
  }
}

function* roundTripCases(name: string, kernel: KernelClient, peer: KernelClient): Iterable<BenchCase> {
  yield build(`roundtrip, ${name}`, {
    ...milliseconds,
    anchorName: name,
    ours: () => measureRoundTrip(kernel),
    anchor: () => measureRoundTrip(peer, true),
    goal: (_ms, ratio) => (ratio ?? 0) >= (name === 'ipykernel' ? 3 : 1),
  });
}

function* outputCases(name: string, kernel: KernelClient, peer: KernelClient): Iterable<BenchCase> {
  // tslab never ends a cell of more than some hundred lines, and loses answers of shorter ones.
  if (name === 'tslab') return;
  const print = (lines: number): string => `for (let i = 0; i < ${lines}; i++) console.log(i)`;
  for (const lines of [5000, 100_000]) {
    const theirs = name === 'ipykernel' ? `for i in range(${lines}): print(i)` : print(lines);
    yield build(`output of ${lines} lines, ${name}`, {
      ...milliseconds,
      anchorName: name,
      ours: () => measureCell(kernel, print(lines)),
      anchor: () => measureCell(peer, theirs),
      goal: (_ms, ratio) => (ratio ?? 0) >= (name === 'ipykernel' ? 2 : 1),
    });
  }
}

/** Milliseconds from the request to both ends of a cell. */
interface LoopTimes {
  readonly reply: number;
  readonly idle: number;
}

async function measureLoop(client: KernelClient, declare: string, code: string): Promise<LoopTimes> {
  await client.execute(declare);
  const startMs = performance.now();
  const id = await client.sendCell(code);
  await client.wait((m) => m.channel === 'shell' && m.parentHeader['msg_id'] === id, 120_000);
  const replyMs = performance.now() - startMs;
  await client.exchange(id, 120_000);
  return { reply: replyMs, idle: performance.now() - startMs };
}

/** Resolves once types are known, and come at once. */
async function warmTypes(kernel: KernelClient): Promise<void> {
  const code = 'interface Known { firstName: string }\ndeclare const known: Known; known.';
  for (;;) {
    const { reply } = await kernel.request('complete_request', { code, cursor_pos: code.length });
    if ((reply.content['matches'] as string[]).includes('firstName')) return;
    await delay(100);
  }
}

function* loopCases(name: string, kernel: KernelClient, peer: KernelClient): Iterable<BenchCase> {
  const loop = 'for (let i = 0; i < 1e6; i++) earlier += i';
  // tslab takes a second or more, and loses answers.
  if (name === 'tslab') return;
  const isPython = name === 'ipykernel';
  // Ours is answered first, and checks the types of the cell before it is idle.
  for (const end of ['reply', 'idle'] as const) {
    yield build(`loop of 1e6 over an earlier let to ${end}, ${name}`, {
      ...milliseconds,
      anchorName: name,
      ours: async () => (await measureLoop(kernel, 'let earlier = 0', loop))[end],
      anchor: async () =>
        isPython
          ? (await measureLoop(peer, 'earlier = 0', 'for i in range(1000000): earlier += i'))[end]
          : (await measureLoop(peer, 'let earlier = 0', loop))[end],
      goal: (ms) => ms <= 10,
    });
  }
}

/** The kernel is idle soon after it has answered: its type checks hold up nothing. */
async function* idleCases(): AsyncIterable<BenchCase> {
  await using kernel = await startKernel({ command: ours, transport });
  await warmTypes(kernel);
  const code = 'for (let i = 0; i < 1e6; i++) earlier += i';
  const measure = async (end: keyof LoopTimes): Promise<number> =>
    (await measureLoop(kernel, 'let earlier = 0', code))[end];
  yield build('loop of 1e6 over an earlier let to idle, its own reply', {
    ...milliseconds,
    anchorName: 'its own reply',
    ours: () => measure('idle'),
    anchor: () => measure('reply'),
    goal: (_ms, ratio) => (ratio ?? 0) >= 1 / 1.5,
    runs: 15,
  });
}

const spinning = {
  'synchronous loop': 'display(0); for (;;) {}',
  'pending await': 'display(0); await new Promise(() => {})',
  'loop after await': 'await new Promise((r) => setTimeout(r, 1)); display(0); for (;;) {}',
  'timer loop': 'setTimeout(() => { display(0); for (;;) {} }, 1); await new Promise(() => {})',
};

/** Resolves once the cell shows that it is where it stays. */
async function startSpinning(kernel: KernelClient, code: string): Promise<string> {
  const id = await kernel.sendCell(code);
  await kernel.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
  return id;
}

/** Median of 15 interrupts, each from the request to reply and idle of the cell. */
async function measureInterrupt(kernel: KernelClient, code: string): Promise<number> {
  const timesMs: number[] = [];
  for (let i = 0; i < 15; i++) {
    const id = await startSpinning(kernel, code);
    const startMs = performance.now();
    await kernel.interrupt();
    await kernel.exchange(id);
    timesMs.push(performance.now() - startMs);
  }
  return quantile(timesMs, 0.5);
}

async function* interruptCases(): AsyncIterable<BenchCase> {
  await using kernel = await startKernel({ command: ours, transport });
  for (const [name, code] of Object.entries(spinning)) {
    yield build(`interrupt, ${name}`, {
      ...alone,
      ours: () => measureInterrupt(kernel, code),
      goal: (ms) => ms <= 50,
    });
  }
}

/** 95th percentile of 50 answers while a cell spins. */
async function measureBusy(kernel: KernelClient, ask: () => Promise<unknown>): Promise<number> {
  const id = await startSpinning(kernel, 'display(0); for (;;) {}');
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

async function* busyCases(): AsyncIterable<BenchCase> {
  await using kernel = await startKernel({ command: ours, transport });
  await kernel.execute('let earlier = 0');
  const heart = new zmq.Request({ linger: 0 });
  heart.connect(kernel.address('hb'));
  const beat = async (): Promise<void> => {
    await heart.send('ping');
    await heart.receive();
  };
  const ask = (msgType: string, code: string) => (): Promise<unknown> =>
    kernel.request(msgType, { code, cursor_pos: code.length, detail_level: 0 });
  const goal = (ms: number): boolean => ms <= 10;
  yield build('busy heartbeat, p95', { ...alone, goal, ours: () => measureBusy(kernel, beat) });
  yield build('busy variable, p95', {
    ...alone,
    goal,
    ours: () => measureBusy(kernel, ask('inspect_request', 'earlier')),
  });
  yield build('busy completion, p95', {
    ...alone,
    goal,
    ours: () => measureBusy(kernel, ask('complete_request', 'Math.sq')),
  });
  heart.close();
}

function* completeCases(name: string, kernel: KernelClient, peer: KernelClient): Iterable<BenchCase> {
  // tslab ends by "Socket is busy writing" when requests follow each other.
  if (name === 'tslab') return;
  const isPython = name === 'ipykernel';
  let count = 0;
  // A fresh text each time: no answer is remembered.
  const measure = async (client: KernelClient, code: (n: number) => string): Promise<number> => {
    const timesMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const text = code(count++);
      const startMs = performance.now();
      // ipykernel needs tens of seconds for the first one on a busy machine.
      const content = { code: text, cursor_pos: text.length };
      await client.request('complete_request', content, { timeoutMs: 120_000 });
      timesMs.push(performance.now() - startMs);
    }
    return quantile(timesMs, 0.5);
  };
  yield build(`complete member, ${name}`, {
    ...milliseconds,
    anchorName: name,
    ours: () => measure(kernel, (n) => `const t${n} = ${n}; Math.sq`),
    anchor: () => measure(peer, (n) => (isPython ? `t${n} = ${n}; str.spl` : `const t${n} = ${n}; Math.sq`)),
    goal: (ms) => ms <= 5,
  });
}

/** Milliseconds from the answer to kernel_info_request to that of the first completion. */
async function measureFirstCompletion(command: Command): Promise<number> {
  await using kernel = await spawnKernel({ command, transport, reconnectMs: 2 });
  kernel.connect();
  const id = await kernel.send('shell', 'kernel_info_request');
  await kernel.wait((m) => m.channel === 'shell' && m.parentHeader['msg_id'] === id, 30_000);
  const startMs = performance.now();
  await kernel.request('complete_request', { code: 'Math.sq', cursor_pos: 7 }, { timeoutMs: 120_000 });
  return performance.now() - startMs;
}

async function* typedCases(): AsyncIterable<BenchCase> {
  yield build('complete first after start', {
    ...alone,
    ours: () => measureFirstCompletion(ours),
    goal: (ms) => ms <= 200,
  });
  await using kernel = await startKernel({ command: ours, transport });
  await warmTypes(kernel);
  let count = 0;
  const measure = async (): Promise<number> => {
    const timesMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const n = count++;
      const code = `interface Of${n} { firstName: string }\ndeclare const of${n}: Of${n}; of${n}.fir`;
      const startMs = performance.now();
      await kernel.request('complete_request', { code, cursor_pos: code.length });
      timesMs.push(performance.now() - startMs);
    }
    return quantile(timesMs, 0.5);
  };
  yield build('complete member that only types know', { ...alone, ours: measure, goal: (ms) => ms <= 5 });
}

/** Resident memory of a process in MB. */
const readMemory = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function* memoryCases(peers: Record<string, Command>): AsyncIterable<BenchCase> {
  const measureIdle = async (command: Command): Promise<number> => {
    await using kernel = await tryStarting(() => startKernel({ command, transport }));
    await delay(3000);
    return readMemory(kernel.process.pid!);
  };
  for (const [name, command] of Object.entries(peers)) {
    yield build(`memory idle, ${name}`, {
      unit: 'MB',
      better: 'lower',
      anchorName: name,
      warmup: false,
      ours: () => measureIdle(ours),
      anchor: () => measureIdle(command),
      goal: (mb) => mb <= 110,
    });
  }
}

const topic = (
  name: string,
  cases: (peers: Record<string, Command>) => AsyncIterable<BenchCase>,
): BenchTopic => ({ name: `kernel.${name}`, cases: () => cases(findPeers()) });

export const topics: readonly BenchTopic[] = [
  topic('start', startCases),
  topic('roundtrip', (peers) => besidePeers(peers, roundTripCases)),
  topic('output', (peers) => besidePeers(peers, outputCases)),
  topic('complete', async function* (peers) {
    yield* typedCases();
    yield* besidePeers(peers, completeCases);
  }),
  topic('interrupt', interruptCases),
  topic('busy', busyCases),
  topic('loop', async function* (peers) {
    yield* idleCases();
    yield* besidePeers(peers, loopCases);
  }),
  topic('memory', memoryCases),
];
