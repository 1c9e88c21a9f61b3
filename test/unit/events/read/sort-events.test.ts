// Events in the order of time.
import { array, assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { createEventSlot } from '../../../../src/events/index.ts';
import { isSorted, sortEvents } from '../../../../src/events/read/sort-events.ts';

it('sortEvents() sorts as a stable sort does, whatever the order', () => {
  assert(
    property(array(integer({ min: -50, max: 50 }), { maxLength: 300 }), (times) => {
      const events = createEventSlot(times.length);
      for (const [i, time] of times.entries()) {
        events.t[i] = BigInt(time);
        events.x[i] = i;
      }
      events.length = times.length;
      const wanted = times.map((time, i) => ({ time, i })).sort((a, b) => a.time - b.time || a.i - b.i);
      const sorted = sortEvents(events);
      expect([...sorted.t].map(Number)).toEqual(wanted.map(({ time }) => time));
      expect([...sorted.x]).toEqual(wanted.map(({ i }) => i));
      expect(isSorted(sorted)).toBe(true);
    }),
  );
});

it('sortEvents() gives sorted events as they are', () => {
  const events = { ...createEventSlot(3), length: 3 };
  expect(sortEvents(events)).toBe(events);
});
