import { describe, expect, it } from 'vitest';
import { createOutcomeTracker } from '../../../src/optimize/index.ts';
import type { HostReaders, Outcome, OutcomeTracker, TargetPlan } from '../../../src/optimize/index.ts';
import { FakeMemory, PAGE_BYTES } from '../../support/optimize/fake-memory.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { buildPlan, buildReaders, buildStat } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const START = 0x1000_0000;
const WINDOW_MS = 1000;

/** A host whose levels the test moves, a process with 4 MiB of a file, and a tracker. */
class Bench {
  readonly clock: ManualClock = createManualClock(0);
  readonly memory = new FakeMemory([{ start: START, mib: 4, inode: 7 }]);
  readonly tracker: OutcomeTracker;
  readonly plan: TargetPlan;
  freeKib = 1_000_000;
  cachedKib = 500_000;
  majorFaults = 0;

  constructor(overrides: Partial<HostReaders> = {}) {
    const readers = buildReaders(
      {
        readLevels: () =>
          Promise.resolve({ freeKib: this.freeKib, memAvailableKib: 5000, cachedKib: this.cachedKib }),
        readStat: (pid) => Promise.resolve(buildStat(pid, { majorFaults: this.majorFaults })),
        readFilePages: () => Promise.resolve(this.memory.residentBytes / PAGE_BYTES),
        ...overrides,
      },
      this.memory,
    );
    const { clock } = this;
    this.tracker = createOutcomeTracker({
      readers,
      clock,
      windowMs: WINDOW_MS,
      targetPids: () => Promise.resolve([42]),
    });
    this.plan = planOf(4);
  }

  /** Seconds without an action, in which free memory moves by itself. */
  async rest(seconds: number, movesKib = 0): Promise<void> {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      await this.tracker.observe({ timestamp: this.clock.nowMs() });
      await this.clock.advance(100);
      this.freeKib += movesKib / 10;
    }
    await this.tracker.observe({ timestamp: this.clock.nowMs() });
  }

  /** Pages all of the file out; the host gets the memory, and `meanwhile` happens. */
  async act(meanwhile: () => void = () => undefined, signal?: AbortSignal): Promise<Outcome> {
    const window = await this.tracker.open([this.plan]);
    this.memory.pageOut(START, 4 * MIB);
    this.freeKib += 4096;
    this.cachedKib -= 4096;
    const closing = this.tracker.close(window, signal);
    await this.clock.advance(WINDOW_MS / 2);
    meanwhile();
    await this.clock.advance(WINDOW_MS / 2);
    return closing;
  }

  /** The process reads its file again. */
  comeBack(mib = 4): void {
    this.memory.use(START, mib * MIB);
    this.freeKib -= mib * 1024;
    this.cachedKib += mib * 1024;
  }
}

function planOf(mib: number): TargetPlan {
  const mapping = { key: 'm', start: START, end: START + 4 * MIB, offsetBytes: 0, path: '/srv/7', inode: 7 };
  const lengthBytes = mib * MIB;
  const place = { start: START, lengthBytes, kind: 'clean-file', key: 'r', mapping } as const;
  const pages = new Uint8Array(lengthBytes / PAGE_BYTES).fill(1);
  const region = {
    start: START,
    lengthBytes,
    kind: place.kind,
    residentBytes: lengthBytes,
    quietMs: 9000,
    pages,
    place,
  };
  return buildPlan({ regions: [region], bytes: lengthBytes, bytesByKind: { 'clean-file': lengthBytes } });
}

describe('createOutcomeTracker().close()', () => {
  it('counts the pages that are out, and puts the move of the host beside it', async () => {
    const bench = new Bench();
    await bench.rest(6, -100);
    const outcome = await bench.act(() => (bench.freeKib -= 100));
    expect(outcome).toMatchObject({
      freedKib: 4096,
      takenKib: 4096,
      returnedKib: 0,
      compressedKib: 0,
      hostFreedKib: 4096,
      hostNoiseKib: 0,
      driftKib: -100,
      driftWindows: 6,
      windowMs: WINDOW_MS,
      error: null,
    });
    expect(outcome.ownRssKib).toBeGreaterThan(1000);
  });

  it.each([
    ['loses 27 GiB', -27_465 * 1024],
    ['gains 3 GiB', 3497 * 1024],
  ])('keeps to the pages when the host %s meanwhile', async (_what, kib) => {
    const bench = new Bench();
    await bench.rest(6);
    const outcome = await bench.act(() => (bench.freeKib += kib));
    expect(outcome.freedKib).toBe(4096);
    expect(outcome.hostFreedKib).toBe(4096 + kib);
  });

  it('subtracts what came back within the window, and says what that cost the target', async () => {
    const bench = new Bench();
    await bench.rest(6);
    const outcome = await bench.act(() => {
      bench.comeBack(1);
      bench.majorFaults = 10;
    });
    expect(outcome).toMatchObject({ freedKib: 3072, takenKib: 4096, returnedKib: 1024, majorFaults: 10 });
    expect(outcome.stallUs).toBe(Math.round(10 * 180 + 246 * 2.1));
  });

  it('does not take memory that trades places with the page cache of others for the action', async () => {
    const bench = new Bench();
    await bench.rest(6);
    const outcome = await bench.act(() => {
      bench.freeKib -= 100_000;
      bench.cachedKib += 100_000;
    });
    expect(outcome.hostFreedKib).toBe(4096);
  });

  it('gives no figure of the host before five windows, and the pages all the same', async () => {
    const bench = new Bench();
    await bench.rest(4);
    expect(await bench.act()).toMatchObject({
      freedKib: 4096,
      hostFreedKib: null,
      hostNoiseKib: null,
      driftKib: null,
      driftWindows: 4,
    });
  });

  it('goes on learning the drift from windows with an action', async () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) {
      await bench.act(() => (bench.freeKib -= 200));
      bench.comeBack();
    }
    const outcome = await bench.act(() => (bench.freeKib -= 200));
    expect(outcome).toMatchObject({ driftKib: -200, driftWindows: 5, hostFreedKib: 4096 });
  });

  it('does not take memory that comes back after an action for drift', async () => {
    const bench = new Bench();
    await bench.rest(6);
    for (let i = 0; i < 12; i++) {
      expect(await bench.act()).toMatchObject({ freedKib: 4096, hostFreedKib: 4096 });
      bench.comeBack();
      await bench.rest(1);
    }
  });

  it('learns nothing from snapshots inside a window', async () => {
    const bench = new Bench();
    const closing = bench.tracker.close(await bench.tracker.open([bench.plan]));
    for (let i = 0; i <= 90; i++) await bench.tracker.observe({ timestamp: i * 100 });
    await bench.clock.advance(WINDOW_MS);
    expect((await closing).driftWindows).toBe(0);
  });

  it('attributes nothing to the action when the target ends, or its id is given on', async () => {
    for (const startTimeTicks of [null, 501]) {
      let isOld = true;
      const readStat = () =>
        Promise.resolve(
          isOld ? buildStat(42) : startTimeTicks === null ? null : buildStat(42, { startTimeTicks }),
        );
      const bench = new Bench({ readStat });
      const outcome = await bench.act(() => (isOld = false));
      expect(outcome).toMatchObject({
        freedKib: null,
        afterFreeKib: 1_004_096,
        error: /worker\) ended within the window/,
      });
    }
  });

  it('says unknown and why where the page cache cannot be asked', async () => {
    const bench = new Bench({ openPageCache: () => Promise.resolve(null) });
    expect(await bench.act()).toMatchObject({ freedKib: null, takenKib: 4096, error: /cannot be asked/ });
  });

  it('ends an open window at once when it is aborted, and says so', async () => {
    const bench = new Bench();
    const abort = new AbortController();
    const closing = bench.tracker.close(await bench.tracker.open([bench.plan]), abort.signal);
    expect(bench.tracker.endsInMs()).toBe(WINDOW_MS);
    await bench.clock.advance(100);
    abort.abort(new Error('closed'));
    expect(await closing).toMatchObject({ freedKib: null, error: 'closed before the window ended' });
    expect(bench.tracker.endsInMs()).toBeNull();
  });

  it('reports a host that cannot be read as data', async () => {
    let reads = 0;
    const levels = { freeKib: 1, memAvailableKib: 1, cachedKib: 1 };
    const readLevels = () =>
      reads++ === 0 ? Promise.resolve(levels) : Promise.reject(new Error('meminfo is gone'));
    expect(await new Bench({ readLevels }).act()).toMatchObject({ freedKib: null, error: 'meminfo is gone' });
  });

  it('opens again after the levels could not be read once', async () => {
    const bench = new Bench({ readLevels: () => Promise.reject(new Error('EIO')) });
    await expect(bench.tracker.open([bench.plan])).rejects.toThrow('EIO');
    expect(bench.tracker.endsInMs()).toBeNull();
  });
});
