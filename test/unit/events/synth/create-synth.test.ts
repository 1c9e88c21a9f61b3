// Made-up recordings.
import { describe, expect, it } from 'vitest';
import { createEventSlot, createSynth, createTriggerSlot } from '../../../../src/events/index.ts';
import type { SynthOptions } from '../../../../src/events/index.ts';

function collect(options: SynthOptions, capacity: number, triggerCapacity = 1000) {
  const synth = createSynth(options);
  const [events, triggers] = [createEventSlot(capacity), createTriggerSlot(triggerCapacity)];
  const rows: (number | bigint)[][] = [];
  const edges: (number | bigint)[][] = [];
  for (let isMore = true; isMore;) {
    [events.length, triggers.length] = [0, 0];
    isMore = synth.fill(events, triggers);
    for (let i = 0; i < events.length; i++)
      rows.push([events.t[i]!, events.x[i]!, events.y[i]!, events.p[i]!]);
    for (let i = 0; i < triggers.length; i++)
      edges.push([triggers.t[i]!, triggers.id[i]!, triggers.value[i]!]);
  }
  return { rows, edges };
}

describe('createSynth()', () => {
  const options = { events: 5000, width: 320, height: 240, rate: 1e6, triggerHz: 1000, seed: 7 };

  it('gives the same however it is cut', () => {
    const whole = collect(options, 5000);
    expect(whole.rows).toHaveLength(5000);
    expect(collect(options, 1, 1)).toEqual(whole);
    expect(collect(options, 137, 3)).toEqual(whole);
  });

  it('gives events in order, inside the geometry, with triggers that rise and fall', () => {
    const { rows, edges } = collect(options, 5000);
    expect(rows.every(([t], i) => i === 0 || t! >= rows[i - 1]![0]!)).toBe(true);
    expect(rows.every(([, x, y, p]) => x! < 320 && y! < 240 && (p === 1 || p === -1))).toBe(true);
    expect(edges.slice(0, 3)).toEqual([
      [0n, 0, 1],
      [1000n, 0, 0],
      [2000n, 0, 1],
    ]);
  });

  it('gives another recording for another seed', () => {
    expect(collect({ ...options, seed: 8 }, 5000).rows).not.toEqual(collect(options, 5000).rows);
  });

  it.each([
    { width: 0 },
    { height: 4096 },
    { noise: 2 },
    { events: -1 },
    { rate: 0 },
    { noise: 0.6, hotShare: 0.6 },
  ])('refuses %o', (wrong) => {
    expect(() => createSynth(wrong)).toThrow(expect.objectContaining({ code: 'ERR_EVENTS_OPTIONS' }));
  });
});
