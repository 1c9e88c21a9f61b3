// Thousands of cells in one kernel, as a service that feeds a notebook would run them: does it get slower, does it grow?
import { startKernel, streamOf } from './kernel-client.ts';
import type { KernelClient } from './kernel-client.ts';

/** What was seen. */
export interface ManyCells {
  /** Medians of a cell to reply and idle, of tenths of the run in their order. */
  readonly tenthsMs: readonly number[];
  /** What the user's heap holds more for each cell, after a collection of garbage. */
  readonly heapBytesPerCell: number;
  /** What the whole process grew by. */
  readonly residentBytesPerCell: number;
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

const MEASURE =
  "(await import('node:v8')).setFlagsFromString('--expose-gc'); (await import('node:vm')).runInNewContext('() => { gc(); gc(); }')(); console.log(JSON.stringify([process.memoryUsage().heapUsed, process.memoryUsage.rss()]))";

/** Runs that many cells. The first tenth warms up: growth counts from its end. */
export async function runManyCells(count: number): Promise<ManyCells> {
  await using kernel = await startKernel();
  await kernel.execute(kinds[0]!(0));
  const tenthsMs: number[] = [];
  let start: Memory | null = null;
  for (let tenth = 0; tenth < 10; tenth++) {
    tenthsMs.push(await runTenth(kernel, (tenth * count) / 10, count / 10));
    start ??= await readMemory(kernel);
  }
  const end = await readMemory(kernel);
  const cells = (count * 9) / 10;
  return {
    tenthsMs,
    heapBytesPerCell: (end.heap - start!.heap) / cells,
    residentBytesPerCell: (end.resident - start!.resident) / cells,
  };
}

async function runTenth(kernel: KernelClient, first: number, count: number): Promise<number> {
  const timesMs: number[] = [];
  for (let n = first; n < first + count; n++) {
    const startMs = performance.now();
    const { reply } = await kernel.execute(kinds[n % kinds.length]!(n));
    timesMs.push(performance.now() - startMs);
    if (reply.content['status'] !== 'ok') throw new Error(`cell ${n}: ${String(reply.content['evalue'])}`);
  }
  return timesMs.sort((a, b) => a - b)[timesMs.length >> 1]!;
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

async function readMemory(kernel: KernelClient): Promise<Memory> {
  const [heap, resident] = JSON.parse(streamOf(await kernel.execute(MEASURE))) as [number, number];
  return { heap, resident };
}
