// Thousands of cells in one kernel, as a service that feeds a notebook would run them: does it get slower, does it grow?
import { setTimeout as delay } from 'node:timers/promises';
import { startKernel, streamOf } from './kernel-client.ts';
import type { KernelClient } from './kernel-client.ts';
import { readResident } from './resident-memory.ts';

/** What a kernel holds, in bytes, by part: what V8 uses and reserves in both threads after a collection, and resident memory. */
export type KernelMemory = Readonly<Record<string, number>>;

/** Of the user's heap: what cells leave there. */
export const USER_HEAP = 'user thread, V8 uses';

/** What was seen. */
export interface ManyCells {
  /** Medians of a cell to reply and idle, of tenths of the run in their order. */
  readonly tenthsMs: readonly number[];
  /** Cells between the two looks at memory: the first tenth warms up. */
  readonly counted: number;
  readonly start: KernelMemory;
  readonly end: KernelMemory;
  /** Resident memory of the kernel after a rest; null when there was none. */
  readonly rested: KernelMemory | null;
}

/** Cells of all kinds; names come back after fifty cells, as those of a notebook do that is worked on. */
const kinds: readonly ((n: number) => string)[] = [
  (n) => `const value${n % 50} = ${n};\nvalue${n % 50} + 1`,
  (n) => `let list${n % 50}: number[] = [${n}];\nlist${n % 50}.push(2);\nconsole.log(list${n % 50}.length)`,
  (n) => `function work${n % 50}(by: number) { return by * ${n}; }\nwork${n % 50}(2)`,
  (n) => `class Thing${n % 50} { readonly n = ${n}; }\nnew Thing${n % 50}()`,
  (n) => `import { join } from 'node:path';\nawait Promise.resolve(join('a', '${n}'))`,
  // Results and output that would be seen if anything kept them.
  (n) => `Array.from({ length: 20_000 }, (_, i) => i + ${n})`,
  (n) => `console.log('${n}'.repeat(20_000))`,
  (n) => `for (let i = 0; i < 10; i++) value0 === i;\n({ n: ${n} })`,
];

const TELL = `await new Promise((done) => {
  const channel = new BroadcastChannel('thread-memory'), told = [];
  channel.onmessage = ({ data }) => {
    if (data.threadId === undefined || told.push(data) < 2) return;
    channel.close();
    console.log(JSON.stringify(told));
    done();
  };
  channel.postMessage('tell');
})`;
const tellsMemory = { NODE_OPTIONS: `--import=${new URL('thread-memory.ts', import.meta.url).href}` };

/**
 * Runs that many cells. Growth counts from the end of the first tenth.
 * @param restMs how long the kernel then has nothing to do @default 0
 */
export async function runManyCells(count: number, restMs = 0): Promise<ManyCells> {
  await using kernel = await startKernel({ env: tellsMemory });
  await kernel.execute(kinds[0]!(0));
  const tenthsMs: number[] = [];
  let start: KernelMemory | null = null;
  for (let tenth = 0; tenth < 10; tenth++) {
    tenthsMs.push(await runTenth(kernel, (tenth * count) / 10, count / 10));
    start ??= await readMemory(kernel);
  }
  const end = await readMemory(kernel);
  await delay(restMs);
  const rested = restMs === 0 ? null : readResident(kernel.process.pid!);
  return { tenthsMs, counted: (count * 9) / 10, start: start!, end, rested };
}

async function runTenth(kernel: KernelClient, first: number, count: number): Promise<number> {
  const timesMs: number[] = [];
  for (let n = first; n < first + count; n++) {
    // The client looks through all that it has received.
    kernel.received.length = 0;
    const startMs = performance.now();
    const { reply } = await kernel.execute(kinds[n % kinds.length]!(n));
    timesMs.push(performance.now() - startMs);
    if (reply.content['status'] !== 'ok') throw new Error(`cell ${n}: ${String(reply.content['evalue'])}`);
  }
  return timesMs.sort((a, b) => a - b)[timesMs.length >> 1]!;
}

interface Told {
  readonly threadId: number;
  readonly used: number;
  readonly reserved: number;
}

async function readMemory(kernel: KernelClient): Promise<KernelMemory> {
  const told = JSON.parse(streamOf(await kernel.execute(TELL))) as Told[];
  const [user, protocol] = told.toSorted((a, b) => a.threadId - b.threadId);
  return {
    [USER_HEAP]: user!.used,
    'user thread, V8 reserves': user!.reserved,
    'protocol thread, V8 uses': protocol!.used,
    'protocol thread, V8 reserves': protocol!.reserved,
    ...readResident(kernel.process.pid!),
  };
}
