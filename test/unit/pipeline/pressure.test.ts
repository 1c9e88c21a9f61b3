// The factor of the pressure handler, from readings that are given; real ones are in test/integration/pipeline.
import { describe, expect, it } from 'vitest';
import { createPressureHandler } from '../../../src/pipeline/index.ts';
import type { PressureReading } from '../../../src/pipeline/index.ts';

const quiet: PressureReading = { atMs: 0, hostStallUs: 0, cgroup: null, rssBytes: 0 };

/** A handler whose readings are one second apart, each changed by `next`. */
function createSteps(maxRssBytes = 1000) {
  let reading = quiet;
  const handler = createPressureHandler({ read: () => reading, maxRssBytes });
  handler.update();
  const step = (change: Partial<PressureReading>): number => {
    reading = { ...reading, ...change, atMs: reading.atMs + 1000 };
    return handler.update();
  };
  return { step, stall: (share: number) => step({ hostStallUs: reading.hostStallUs! + share * 1e6 }) };
}

describe('createPressureHandler()', () => {
  it('update() halves the factor with each high reading, down to a sixteenth', () => {
    const { stall } = createSteps();
    expect([stall(0.2), stall(0.2), stall(0.2), stall(0.2), stall(0.2)]).toEqual([
      0.5,
      0.25,
      0.125,
      1 / 16,
      1 / 16,
    ]);
  });

  it('update() doubles it after four calm readings in a row, and keeps it between high and calm', () => {
    const { stall } = createSteps();
    stall(0.2);
    stall(0.2);
    const between = Array.from({ length: 10 }, () => stall(0.05));
    expect(new Set(between)).toEqual(new Set([0.25]));
    expect([stall(0), stall(0), stall(0), stall(0.05)]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([stall(0), stall(0), stall(0), stall(0)]).toEqual([0.25, 0.25, 0.25, 0.5]);
    expect([stall(0), stall(0), stall(0), stall(0), stall(0)]).toEqual([0.5, 0.5, 0.5, 1, 1]);
  });

  it.each([
    ['the limit of a cgroup', { cgroup: { limitBytes: 100, usedBytes: 91, stallUs: null } }],
    ['the size of the process', { rssBytes: 960 }],
  ])('update() shrinks when %s is near', (_what, change) => {
    expect(createSteps().step(change)).toBe(0.5);
  });

  it('update() shrinks when tasks of the cgroup stall, though the host does not', () => {
    const { step } = createSteps();
    const cgroup = { limitBytes: 100, usedBytes: 10, stallUs: 0 };
    expect(step({ cgroup })).toBe(1);
    expect(step({ cgroup: { ...cgroup, stallUs: 150_000 } })).toBe(0.5);
  });

  it('update() has no concern about what the host does not say', () => {
    const { step } = createSteps();
    expect(step({ hostStallUs: null, cgroup: null })).toBe(1);
    expect(step({ hostStallUs: 5e9 })).toBe(1);
  });
});
