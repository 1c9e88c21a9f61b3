// What a running host says when its wall clock is set.
import { systemClock } from '../../core/index.ts';
import type { Clock, ClockStep } from '../../core/index.ts';

/** A clock that is set all the time is told of once a minute. */
const SAY_AGAIN_MS = 60_000;

/** Builds a listener that writes a line for a step, with how many there were since the last line. */
export function createStepLog(
  log: (text: string) => void,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): (step: ClockStep) => void {
  let saidMs = -Infinity;
  let untold = 0;
  return ({ byMs }) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - saidMs < SAY_AGAIN_MS) {
      untold++;
      return;
    }
    const others = untold === 0 ? '' : `, after ${untold} other steps`;
    const way = byMs < 0 ? 'back' : 'forward';
    log(
      `the wall clock was set ${way} by ${describe(Math.abs(byMs))}${others}: rows are stamped with its new time, decisions and windows go on`,
    );
    saidMs = nowMs;
    untold = 0;
  };
}

const units = [
  { name: 'days', ms: 86_400_000 },
  { name: 'hours', ms: 3_600_000 },
  { name: 'minutes', ms: 60_000 },
  { name: 's', ms: 1000 },
];

function describe(ms: number): string {
  const unit = units.find((each) => ms >= 1.5 * each.ms) ?? units.at(-1)!;
  return `${(ms / unit.ms).toFixed(1)} ${unit.name}`;
}
