// Filters by kernels against their twins in TypeScript: the same events stay, in any slot and whatever was remembered.
import { expect, it } from 'vitest';
import { createScriptFilter } from '../../../../src/events/filter/index.ts';
import type { EventFilterOptions } from '../../../../src/events/filter/index.ts';
import { createEventFilter } from '../../../../src/events/kernels/kernel-filter.ts';
import { KernelMemory } from '../../../../src/events/kernels/kernel-memory.ts';
import { createEventSlot } from '../../../../src/events/model/index.ts';
import { drawEvents, listEvents } from '../../../support/events/random-events.ts';
import { createRandom } from '../../../support/random.ts';

const geometry = { width: 60, height: 40 };

function drawOptions(draw: () => number): EventFilterOptions {
  const maybe = <T>(value: T): T | undefined => (draw() < 0.4 ? value : undefined);
  const options = {
    from: maybe(1_000_000n + BigInt(Math.floor(draw() * 5000))),
    to: maybe(1_010_000n + BigInt(Math.floor(draw() * 5000))),
    region: maybe({ x: Math.floor(draw() * 9), y: 3, width: 1 + Math.floor(draw() * 50), height: 25 }),
    polarity: maybe(draw() < 0.5 ? ('on' as const) : ('off' as const)),
    hotPixels: maybe([[5, 5] as const, [6, 7] as const, [900, 900] as const]),
    refractoryPeriod: maybe(Math.floor(draw() * 3000)),
    backgroundPeriod: maybe(Math.floor(draw() * 3000)),
    geometry,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

it('createEventFilter() keeps what the TypeScript filter keeps, in and out of its memory', () => {
  const draw = createRandom(11);
  const memory = new KernelMemory();
  const inside = memory.allocateSlot(20_000);
  for (let round = 0; round < 150; round++) {
    const options = drawOptions(draw);
    const kernel = createEventFilter(options, memory);
    const script = createScriptFilter(options);
    for (let part = 0; part < 2; part++) {
      const drawn = {
        count: Math.floor(draw() * (round % 30 === 0 ? 20_000 : 300)),
        width: 70,
        height: 45,
        isUnordered: draw() < 0.3,
        polarities: draw() < 0.5 ? ([0, 1] as const) : ([-1, 1] as const),
        startAt: draw() < 0.1 ? -5000n : 1_000_000n,
      };
      const seed = Math.floor(draw() * 2 ** 31);
      const wanted = drawEvents(createRandom(seed), drawn);
      const slot = drawEvents(
        createRandom(seed),
        drawn,
        draw() < 0.5 ? inside : createEventSlot(Math.max(1, drawn.count)),
      );
      kernel.apply(slot);
      script.apply(wanted);
      expect(listEvents(slot), JSON.stringify({ round, seed })).toEqual(listEvents(wanted));
    }
  }
});

it('createEventFilter() filters in TypeScript when it gets no memory', () => {
  expect(createEventFilter({ polarity: 'on' }, null).engine).toBe('typescript');
  expect(createEventFilter({ polarity: 'on' }).engine).toBe('wasm');
});
