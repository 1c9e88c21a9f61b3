// Filters: million events a CPU second of one thread, a quarter of the pixels and one polarity of all, four columns packed,
// block by block as a reader gives them; beside Polars on the same number of events at once.
import { join } from 'node:path';
import { createScriptFilter } from '../../src/events/filter/index.ts';
import type { EventFilter, EventFilterOptions } from '../../src/events/filter/index.ts';
import { createEventFilter } from '../../src/events/kernels/kernel-filter.ts';
import { KernelMemory } from '../../src/events/kernels/kernel-memory.ts';
import type { EventSlot } from '../../src/events/model/index.ts';
import { startJsonChild } from '../support/json-child.ts';
import { python } from '../support/python.ts';
import { createRandom } from '../support/random.ts';
import type { BenchTopic } from './harness.ts';

/** A block of a reader. */
const BLOCK = 32_768;
const BLOCKS = 300;
const POLARS_EVENTS = 10_000_000;
/** Million events a second. */
const GOAL = 400;
const geometry = { width: 1280, height: 720 };
const wanted: EventFilterOptions = { region: { x: 0, y: 0, width: 640, height: 360 }, polarity: 'on' };

const others: Readonly<Record<string, EventFilterOptions>> = {
  'time window, region and polarity': { ...wanted, from: 1000n, to: 30_000n },
  'hot pixels': { hotPixels: [[5, 5]], geometry },
  'refractory period': { refractoryPeriod: 1000, geometry },
  'background activity': { backgroundPeriod: 1000, geometry },
};

export const topics: readonly BenchTopic[] = [
  {
    name: 'events.filter',
    async *cases() {
      await using peer = startJsonChild(python, [join(import.meta.dirname, 'events-peer.py')]);
      const memory = new KernelMemory();
      const slot = memory.allocateSlot(BLOCK);
      const block = drawBlock(memory.allocateSlot(BLOCK));
      const base = { bench: 'events.filter', unit: 'M events/CPU s', better: 'higher' } as const;
      const measure = (filter: EventFilter): number => measureFilter(filter, block, slot);
      for (const lazy of [false, true]) {
        yield {
          ...base,
          case: `region and polarity, 12.5 % stay, packed; beside Polars ${lazy ? 'streaming' : 'eager'}`,
          anchorName: `Polars filter, ${lazy ? 'its streaming engine' : 'eager'}, all its threads`,
          ours: async () => measure(createEventFilter(wanted, memory)),
          anchor: async () => {
            const question = { reader: 'polars_filter', with: { events: POLARS_EVENTS, lazy } };
            return (await peer.ask<{ perCpu: number }>(JSON.stringify(question))).perCpu;
          },
          goal: (ours) => ours >= GOAL,
        };
      }
      yield {
        ...base,
        case: 'region and polarity, in TypeScript',
        anchorName: 'the WebAssembly kernels',
        runs: 3,
        ours: async () => measure(createScriptFilter(wanted)),
        anchor: async () => measure(createEventFilter(wanted, memory)),
      };
      for (const [name, options] of Object.entries(others)) {
        yield {
          ...base,
          case: name,
          anchorName: 'the TypeScript filter',
          runs: 3,
          ours: async () => measure(createEventFilter(options, memory)),
          anchor: async () => measure(createScriptFilter(options)),
        };
      }
    },
  },
];

function drawBlock(block: EventSlot): EventSlot {
  const random = createRandom(2);
  for (let i = 0; i < BLOCK; i++) {
    block.t[i] = BigInt(i);
    block.x[i] = Math.floor(random() * geometry.width);
    block.y[i] = Math.floor(random() * geometry.height);
    block.p[i] = random() < 0.5 ? -1 : 1;
  }
  block.length = BLOCK;
  return block;
}

/** The filter alone: a fresh copy of the block is made between the measurements. */
function measureFilter(filter: EventFilter, block: EventSlot, slot: EventSlot): number {
  let micros = 0;
  for (let i = 0; i < BLOCKS; i++) {
    slot.t.set(block.t);
    slot.x.set(block.x);
    slot.y.set(block.y);
    slot.p.set(block.p);
    slot.length = BLOCK;
    const started = process.threadCpuUsage();
    filter.apply(slot);
    const { user, system } = process.threadCpuUsage(started);
    micros += user + system;
  }
  return (BLOCK * BLOCKS) / micros;
}
