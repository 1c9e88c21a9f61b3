// What filters keep, told by the simplest code there is.
import { describe, expect, it } from 'vitest';
import {
  createScriptFilter,
  findHotPixels,
  findTime,
  isInOrder,
  viewTimeWindow,
} from '../../../../src/events/filter/index.ts';
import { createEventSlot } from '../../../../src/events/model/index.ts';
import type { EventSlot } from '../../../../src/events/model/index.ts';
import { drawEvents, listEvents } from '../../../support/events/random-events.ts';
import { createRandom } from '../../../support/random.ts';

const size = { width: 40, height: 30 };
const draw = (seed: number, options = {}): EventSlot =>
  drawEvents(createRandom(seed), { count: 2000, ...size, ...options });

/** Events from [t, x, y, p]. */
function createEvents(rows: readonly (readonly [number, number, number, number])[]): EventSlot {
  const slot = createEventSlot(rows.length);
  rows.forEach(([t, x, y, p], i) => {
    slot.t[i] = BigInt(t);
    slot.x[i] = x;
    slot.y[i] = y;
    slot.p[i] = p;
  });
  slot.length = rows.length;
  return slot;
}

const timesOf = (events: EventSlot): number[] => listEvents(events).map(([t]) => Number(t));

describe('createScriptFilter()', () => {
  it('keeps what is inside of time, region and polarity', () => {
    const events = draw(1);
    const all = listEvents(events);
    const [from, to] = [1_010_000n, 1_020_000n];
    createScriptFilter({ from, to, region: { x: 5, y: 6, width: 20, height: 10 }, polarity: 'on' }).apply(
      events,
    );
    expect(listEvents(events)).toEqual(
      all.filter(([t, x, y, p]) => t >= from && t < to && x >= 5 && x < 25 && y >= 6 && y < 16 && p > 0),
    );
    expect(events.length).toBeGreaterThan(20);
  });

  it('takes 0 and −1 for off', () => {
    for (const off of [0, -1]) {
      const events = createEvents([
        [1, 0, 0, off],
        [2, 0, 0, 1],
      ]);
      createScriptFilter({ polarity: 'off' }).apply(events);
      expect(timesOf(events)).toEqual([1]);
    }
  });

  it('drops what follows an event of its pixel within the refractory period', () => {
    const events = createEvents([
      [0, 1, 1, 1],
      [100, 1, 1, 1],
      [150, 2, 1, 1],
      [200, 1, 1, 1],
      [301, 1, 1, 1],
    ]);
    createScriptFilter({ refractoryPeriod: 100, geometry: size }).apply(events);
    expect(timesOf(events)).toEqual([0, 150, 301]);
  });

  it('keeps only events with one beside them shortly before', () => {
    const events = createEvents([
      [0, 5, 5, 1],
      [10, 6, 5, 1],
      [20, 8, 5, 1],
      [30, 6, 4, 1],
      [999, 7, 6, 1],
      [1100, 5, 6, -1],
    ]);
    createScriptFilter({ backgroundPeriod: 1000, geometry: size }).apply(events);
    expect(timesOf(events)).toEqual([10, 30]);
  });

  it('remembers pixels from slot to slot', () => {
    const filter = createScriptFilter({ refractoryPeriod: 100, geometry: size });
    filter.apply(createEvents([[0, 1, 1, 1]]));
    const next = createEvents([
      [50, 1, 1, 1],
      [60, 2, 2, 1],
    ]);
    filter.apply(next);
    expect(timesOf(next)).toEqual([60]);
  });

  it('drops hot pixels and leaves what is outside of the geometry', () => {
    const events = createEvents([
      [0, 1, 1, 1],
      [1, 2, 1, 1],
      [2, 400, 1, 1],
    ]);
    createScriptFilter({
      hotPixels: [
        [1, 1],
        [400, 1],
      ],
      geometry: size,
    }).apply(events);
    expect(timesOf(events)).toEqual([1, 2]);
  });

  it('says what it cannot use', () => {
    const code = { code: 'ERR_EVENTS_OPTIONS' };
    expect(() => createScriptFilter({ from: 2n, to: 1n })).toThrow(expect.objectContaining(code));
    expect(() => createScriptFilter({ region: { x: 0, y: 0, width: 0, height: 5 } })).toThrow(
      expect.objectContaining(code),
    );
    expect(() => createScriptFilter({ refractoryPeriod: 5 })).toThrow(expect.objectContaining(code));
    expect(() => createScriptFilter({ backgroundPeriod: -1, geometry: size })).toThrow(
      expect.objectContaining(code),
    );
  });
});

describe('findHotPixels()', () => {
  it('gives the pixels above the frequency', () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i * 10_000, 3, 2, 1] as const);
    const events = createEvents([...rows, [990_000, 7, 7, 1]]);
    expect(findHotPixels(events, size, 50)).toEqual([[3, 2]]);
    expect(findHotPixels(events, size, 200)).toEqual([]);
    expect(findHotPixels(createEvents([]), size, 1)).toEqual([]);
  });
});

describe('viewTimeWindow()', () => {
  it('gives the events of a window of ordered events', () => {
    const events = draw(3);
    const [from, to] = [1_003_000n, 1_009_000n];
    expect(isInOrder(events)).toBe(true);
    expect(listEvents(viewTimeWindow(events, from, to))).toEqual(
      listEvents(events).filter(([t]) => t >= from && t < to),
    );
    expect(findTime(events, 0n)).toBe(0);
    expect(findTime(events, 1n << 60n)).toBe(events.length);
    expect(isInOrder(draw(4, { isUnordered: true }))).toBe(false);
  });
});
