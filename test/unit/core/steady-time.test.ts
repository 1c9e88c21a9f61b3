import { describe, expect, it } from 'vitest';
import { createSteadyTime } from '../../../src/core/index.ts';
import type { SteadyTime } from '../../../src/core/index.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

function build(): { clock: ManualClock; steady: SteadyTime; steps: number[]; read: () => number } {
  const clock = createManualClock(START_MS);
  const steps: number[] = [];
  const steady = createSteadyTime(clock, ({ byMs }) => void steps.push(byMs));
  const read = (): number => steady.at({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
  return { clock, steady, steps, read };
}

describe('createSteadyTime().at()', () => {
  it('at() is the wall time while nobody sets the clock', async () => {
    const { clock, read, steps } = build();
    for (const ms of [0, 20, 1000, 12_345, 3_600_000]) {
      await clock.advance(ms);
      clock.step(ms === 1000 ? 1 : 0); // slewed
      expect(read()).toBe(clock.nowMs());
    }
    expect(steps).toEqual([]);
  });

  it.each([
    ['3 s forward', 3000],
    ['3 s back', -3000],
    ['2 h back', -7_200_000],
    ['40 days forward', 40 * DAY_MS],
    ['40 days back', -40 * DAY_MS],
    ['10 years forward', 3652 * DAY_MS],
    ['to 1970', -START_MS],
    ['to 2100', Date.UTC(2100, 0, 1) - START_MS],
  ])('at() goes on by the time that passed when the clock is set %s', async (_, byMs) => {
    const { clock, read, steps } = build();
    read();
    await clock.advance(1000);
    const before = read();
    clock.step(byMs);
    await clock.advance(1000);
    expect(read()).toBe(before + 1000);
    await clock.advance(1000);
    expect(read()).toBe(before + 2000);
    expect(steps).toEqual([byMs]);
    clock.step(-byMs);
    await clock.advance(1000);
    expect(read()).toBe(before + 3000);
    expect(read()).toBe(clock.nowMs());
  });

  it('at() counts the time the host slept', async () => {
    const { clock, read, steps } = build();
    read();
    clock.suspend(3 * 3_600_000);
    await clock.advance(1000);
    expect(read()).toBe(clock.nowMs());
    expect(steps).toEqual([]);
  });

  it('at() tells a step from the sleep it came with', async () => {
    const { clock, read, steps } = build();
    read();
    clock.suspend(60_000);
    clock.step(DAY_MS);
    await clock.advance(1000);
    expect(read()).toBe(START_MS + 61_000);
    expect(steps).toEqual([DAY_MS]);
  });

  it('at() places a reading that was taken earlier before the newest', async () => {
    const { clock, steady, read } = build();
    const early = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    read();
    await clock.advance(500);
    read();
    expect(steady.at(early)).toBe(START_MS);
    expect(read()).toBe(START_MS + 500);
  });
});
