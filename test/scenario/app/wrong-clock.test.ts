// A real daemon whose wall clock is really wrong, and is set while it runs.
import type { Home } from '../../../src/core/index.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, poll, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { numberedSnapshots } from '../../support/store/store-rows.ts';
import { createWrongClock } from '../../support/app/wrong-clock.ts';
import type { WrongClock } from '../../support/app/wrong-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SEGMENT_ROWS = 500;

let clock: WrongClock;

beforeAll(async () => {
  clock = await createWrongClock();
});

afterAll(async () => {
  await clock[Symbol.asyncDispose]();
});

async function statusOf({ client }: Pick<Daemon, 'client'>): Promise<HostStatus> {
  return (await client.request('status')).result as HostStatus;
}

/** Sealed rows, one a second, that end now. */
async function seedRows(home: Home, rows: number): Promise<void> {
  await using history = await openHistory(home.history, { retainMs: Infinity });
  const startMs = Date.now() - rows * 1000;
  const all = numberedSnapshots(0, rows).map((row, i) => ({ ...row, timestamp: startMs + i * 1000 }));
  for (let from = 0; from < rows; from += SEGMENT_ROWS) {
    history.append('memory', all.slice(from, from + SEGMENT_ROWS));
    await history.seal('memory');
  }
}

async function timestampsOf(home: Home): Promise<number[]> {
  await using history = await openHistory(home.history, { readOnly: true });
  return (await history.rows('memory')).map(({ timestamp }) => timestamp);
}

/** Waits for so many more samples and tells how long they took. */
async function samplesIn(daemon: Daemon, count: number): Promise<number> {
  const startMs = performance.now();
  const { samples } = await statusOf(daemon);
  await poll(
    () => statusOf(daemon),
    (status) => status.samples >= samples + count,
  );
  return performance.now() - startMs;
}

/** Decisions that found the last snapshot too old. */
function staleOf({ decisions }: HostStatus): number {
  return decisions.fallbacksByCause['stale-input'] ?? 0;
}

describe('serve with a wrong wall clock', () => {
  it('keeps every row and says what waits when it starts 40 days ahead', async () => {
    await using home = await createTestHome();
    await seedRows(home, 1000);
    clock.set(40 * DAY_MS);
    await using daemon = await startDaemon(home, ['--hz', '10', '--retain-days', '30'], clock.env);
    const status = await poll(
      () => statusOf(daemon),
      ({ samples }) => samples >= 5,
    );
    expect(status.history).toMatchObject({ removedSegments: 0, unconfirmed: { segments: 2, rows: 1000 } });
    const { code, stderr } = await daemon.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/retention: 1000 rows in 2 segments are older than 30 days by the wall clock/);
    const times = await timestampsOf(home);
    expect(times.length).toBeGreaterThanOrEqual(1005);
    // Rows of the future are there, and confuse no later start with a right clock.
    expect(times.filter((time) => time > Date.now() + DAY_MS).length).toBeGreaterThanOrEqual(5);
    clock.set(0);
    await using right = await startDaemon(home, ['--hz', '10'], clock.env);
    await samplesIn(right, 3);
    expect((await statusOf(right)).history).toMatchObject({ removedSegments: 0, unconfirmed: { rows: 0 } });
    await right.stop();
    expect((await timestampsOf(home)).length).toBeGreaterThanOrEqual(times.length + 3);
  });

  it('samples and decides on at its pace when the clock is set back, forward and back', async () => {
    await using home = await createTestHome();
    clock.set(0);
    await using daemon = await startDaemon(home, ['--hz', '10', '--process-interval', '1'], clock.env);
    await poll(
      () => statusOf(daemon),
      ({ decisions }) => decisions.decisions > 0,
    );
    for (const aheadMs of [-2 * HOUR_MS, 40 * DAY_MS, 0, -Date.now(), Date.UTC(2100, 0, 1) - Date.now(), 0]) {
      clock.set(aheadMs);
      const startMs = performance.now();
      const before = await statusOf(daemon);
      const tookMs = await samplesIn(daemon, 12);
      const after = await statusOf(daemon);
      const elapsedMs = performance.now() - startMs;
      // A busy machine is late; a loop that stalls or bursts is off by hours, or by thousands of samples.
      expect(tookMs).toBeGreaterThan(900);
      expect(tookMs).toBeLessThan(60_000);
      const gridPoints = after.samples + after.missed - before.samples - before.missed;
      expect(gridPoints).toBeLessThan(elapsedMs / 100 + 20);
      const decisions = after.decisions.decisions - before.decisions.decisions;
      expect(decisions).toBeGreaterThanOrEqual(8);
      expect(staleOf(after) - staleOf(before)).toBeLessThan(decisions / 2);
      const offByMs = after.decisions.lastDecision!.timestamp - (Date.now() + aheadMs);
      expect(Math.abs(offByMs)).toBeLessThan(60_000);
    }
    const { samples } = await statusOf(daemon);
    const { code, stderr } = await daemon.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/the wall clock was set back by 2\.0 hours/);
    // Nothing is lost, nothing doubled: as many rows as samples, and no timestamp twice.
    const times = await timestampsOf(home);
    expect(times.length).toBeGreaterThanOrEqual(samples);
    expect(new Set(times).size).toBe(times.length);
  });
});
