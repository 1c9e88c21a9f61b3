// A thread that takes slots of a slab and gives them back, or dies with them in its hands.
import { parentPort as parent, threadId, workerData } from 'node:worker_threads';
import { attachSlab } from '../../../src/pipeline/index.ts';
import type { SlabMemory, Slot } from '../../../src/pipeline/index.ts';
import { createRandom } from '../random.ts';

const port = parent!;

const { memory, rounds, seed, holds } = workerData as {
  memory: SlabMemory;
  rounds: number;
  seed: number;
  /** Slots that it dies with. */
  holds: number;
};
const slab = attachSlab(memory);
const random = createRandom(seed);
let collisions = 0;

/** Fills a slot with this thread's mark and looks whether another thread wrote into it meanwhile. */
function use(slot: Slot, round: number): void {
  const mark = (threadId * 31 + round) & 0xff;
  slot.bytes.fill(mark);
  if (slot.bytes.some((byte) => byte !== mark)) collisions++;
  slot.release();
}

for (let round = 0; round < rounds; round++)
  use(await slab.take(1 + Math.floor(random() * slab.largestSlotBytes)), round);
for (let i = 0; i < holds; i++) await slab.take(1);
port.postMessage({ collisions, threadId });
if (holds > 0) process.exit(1);
