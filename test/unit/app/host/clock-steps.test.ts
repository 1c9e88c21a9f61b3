import { describe, expect, it } from 'vitest';
import { createStepLog } from '../../../../src/app/host/clock-steps.ts';
import { LastAction } from '../../../../src/app/host/last-action.ts';
import { createSteadyTime } from '../../../../src/core/index.ts';
import {
  buildFeatureSpec,
  createFeatureExtractor,
  createOnlineLabeler,
} from '../../../../src/prepare/index.ts';
import type { History } from '../../../../src/store/index.ts';
import { clockSteps, stepStartMs } from '../../../support/clock-steps.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { pressuredSnapshots } from '../../../support/memory-rows.ts';

describe('createStepLog()', () => {
  it.each([
    [-7_200_000, 'set back by 2.0 hours'],
    [7_199_990, 'set forward by 2.0 hours'],
    [40 * 86_400_000, 'set forward by 40.0 days'],
    [-90_000, 'set back by 1.5 minutes'],
    [500, 'set forward by 0.5 s'],
  ])('says of %i ms: %s', (byMs, text) => {
    const lines: string[] = [];
    createStepLog((line) => void lines.push(line))({ byMs });
    expect(lines).toEqual([expect.stringContaining(text)]);
  });

  it('says at most one line a minute, with how many it left out', async () => {
    const clock = createManualClock();
    const lines: string[] = [];
    const noteStep = createStepLog((line) => void lines.push(line), clock);
    for (let second = 0; second < 100; second++) {
      noteStep({ byMs: 1000 });
      await clock.advance(1000);
    }
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('after 59 other steps');
  });
});

describe.each(clockSteps)('createSteadyTime() with a wall clock set %s', (_, byMs) => {
  const spec = buildFeatureSpec();
  const names = spec.names.filter((name) => name !== 'time_of_day' && name !== 'day_of_week');
  const rows = pressuredSnapshots(120, 60);

  /** The rows, stamped by a clock that is set in the middle, with the features a host sees. */
  async function run(stepMs: number): Promise<(number[] | null)[]> {
    const clock = createManualClock(stepStartMs);
    const lastAction = new LastAction(() => undefined, clock);
    const extractor = createFeatureExtractor(spec);
    const seen = [];
    for (const [second, row] of rows.entries()) {
      if (second === 60) clock.step(stepMs);
      const timestamp = clock.nowMs();
      const timeMs = lastAction.steadyTime.at({ wallMs: timestamp, monotonicMs: clock.monotonicMs() });
      const features = extractor.push({ ...row, timestamp }, { lastOptimizationMs: lastAction.atMs, timeMs });
      seen.push(features && names.map((name) => features[spec.names.indexOf(name)]!));
      if (second % 40 === 0) lastAction.note(clock.nowMs());
      await clock.advance(1000);
    }
    return seen;
  }

  it('gives live features as of a clock that was never set, from sample to sample', async () => {
    const [set, never] = [await run(byMs), await run(0)];
    expect(set.filter((row) => row === null)).toHaveLength(10);
    expect(set).toEqual(never);
  });

  it('lets live features close every label of their horizon, as before the step', async () => {
    const clock = createManualClock(stepStartMs);
    const steady = createSteadyTime(clock);
    const labeler = createOnlineLabeler<number>({ horizonMs: 10_000 });
    const closed: number[] = [];
    for (const [second, row] of rows.entries()) {
      if (second === 60) clock.step(byMs);
      const timestamp = steady.at({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
      closed.push(...labeler.observe({ ...row, timestamp }).map(({ mark }) => mark));
      labeler.open(second);
      await clock.advance(1000);
    }
    expect(closed).toEqual(Array.from({ length: 110 }, (_unused, i) => i));
  });
});

describe('LastAction', () => {
  it('note() never places what just happened in the future, though the clock was set back meanwhile', async () => {
    const clock = createManualClock(stepStartMs);
    const lastAction = new LastAction(() => undefined, clock);
    lastAction.steadyTime.at({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
    await clock.advance(1000);
    const stampedMs = clock.nowMs();
    clock.step(-7_200_000);
    lastAction.note(stampedMs);
    expect(lastAction.atMs).toBe(stepStartMs + 1000);
  });

  it('readFrom() takes no action of a clock that was ahead', async () => {
    const clock = createManualClock(stepStartMs);
    const events = [-1000, 9e9].map((byMs) => ({ timestamp: stepStartMs + byMs, mode: 'act' }));
    const rows = async (_: string, { fromMs, toMs }: { fromMs: number; toMs: number }): Promise<unknown> =>
      events.filter(({ timestamp }) => timestamp >= fromMs && timestamp < toMs);
    const lastAction = new LastAction(() => undefined, clock);
    await lastAction.readFrom({ rows } as unknown as History);
    expect(lastAction.atMs).toBe(stepStartMs - 1000);
  });
});
