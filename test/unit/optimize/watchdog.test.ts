import { describe, expect, it } from 'vitest';
import { OptimizeError } from '../../../src/optimize/index.ts';
import type { Actuator, ActuatorResult } from '../../../src/optimize/index.ts';
import { createWatchdog } from '../../../src/optimize/watchdog.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { buildPlan } from '../../support/optimize/optimize-host.ts';

const plan = buildPlan({ target: { kind: 'self' }, actuator: 'a' });
const done: ActuatorResult = { advisedBytes: 1, rssDropBytes: 1, durationUs: 1 };
const signal = new AbortController().signal;

function buildActuator(act: Actuator['act']): Actuator {
  return { name: 'a', kinds: ['self'], canAct: () => Promise.resolve(null), act };
}

describe('createWatchdog().run()', () => {
  it('lets an actuator that works work', async () => {
    const watchdog = createWatchdog({ clock: createManualClock() });
    expect(
      await watchdog.run(
        buildActuator(() => Promise.resolve(done)),
        plan,
        signal,
      ),
    ).toEqual(done);
    expect(watchdog.restOf('a').forMs).toBe(0);
  });

  it('rests an actuator after three failures in a row, for the cool-down only', async () => {
    const clock = createManualClock();
    const watchdog = createWatchdog({ clock, coolDownMs: 1000 });
    const broken = buildActuator(() => Promise.reject(new OptimizeError('ERR_OPTIMIZE_SYSCALL', 'no')));
    for (let i = 0; i < 3; i++) {
      expect(watchdog.restOf('a').forMs).toBe(0);
      expect((await watchdog.run(broken, plan, signal)).error!.code).toBe('ERR_OPTIMIZE_SYSCALL');
    }
    expect(watchdog.restOf('a')).toMatchObject({
      forMs: 1000,
      why: expect.stringContaining('3 failures') as string,
    });
    await clock.advance(1000);
    expect(watchdog.restOf('a').forMs).toBe(0);
  });

  it('does not blame an actuator for targets that end', async () => {
    const watchdog = createWatchdog({ clock: createManualClock() });
    const gone = buildActuator(() => Promise.reject(new OptimizeError('ERR_OPTIMIZE_PROCESS_GONE', 'ended')));
    for (let i = 0; i < 5; i++) await watchdog.run(gone, plan, signal);
    expect(watchdog.restOf('a').forMs).toBe(0);
  });

  it('tells an actuator that overruns to stop and rests it at once', async () => {
    const clock = createManualClock();
    const watchdog = createWatchdog({ clock, timeoutMs: 100 });
    const obedient = buildActuator(
      (_plan, stop) =>
        new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(stop.reason as Error))),
    );
    const running = watchdog.run(obedient, plan, signal);
    await clock.advance(100);
    expect((await running).error!.code).toBe('ERR_OPTIMIZE_OVERRUN');
    expect(watchdog.restOf('a').forMs).toBeGreaterThan(0);
    expect(watchdog.restOf('a').forMs).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('leaves an actuator that ignores the stop behind, and out of service until it comes back', async () => {
    const clock = createManualClock();
    const watchdog = createWatchdog({ clock, timeoutMs: 100, graceMs: 50, coolDownMs: 500 });
    let finish: (result: ActuatorResult) => void = () => undefined;
    const deaf = buildActuator(() => new Promise((resolve) => (finish = resolve)));
    const running = watchdog.run(deaf, plan, signal);
    await clock.advance(150);
    expect((await running).error!.code).toBe('ERR_OPTIMIZE_OVERRUN');
    await clock.advance(10_000);
    expect(watchdog.restOf('a').forMs).toBe(Number.POSITIVE_INFINITY);
    finish(done);
    await clock.advance(0);
    expect(watchdog.restOf('a').forMs).toBe(0);
  });
});
