import { describe, expect, it } from 'vitest';
import { createLocalTime } from '../../../src/prepare/local-time.ts';
import { createPrintedRandom } from '../../support/random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The hour of a zone that is so far from UTC, and an hour less from `changeMs` on. */
const hourIn =
  (offsetMs: number, changeMs = Infinity) =>
  (date: Date) => {
    const ms = date.getTime() + offsetMs - (date.getTime() >= changeMs ? HOUR_MS : 0);
    return ((Math.floor(ms / HOUR_MS) % 24) + 24) % 24;
  };

describe('createLocalTime()', () => {
  it('gives what the time zone says, in any order of times, also where a zone is seconds off and changes', () => {
    const random = createPrintedRandom('createLocalTime()');
    // Liberia was 44 minutes and 30 seconds behind UTC until 1972.
    for (const offsetMs of [0, -44.5 * MINUTE_MS, 5.75 * HOUR_MS, -9.5 * HOUR_MS, 12_345]) {
      const read = hourIn(offsetMs, 10 * HOUR_MS);
      const localHour = createLocalTime(read);
      let timeMs = 0;
      let wrong = 0;
      for (let i = 0; i < 20_000; i++) {
        timeMs = random() < 0.01 ? Math.floor(random() * 48 * HOUR_MS) : timeMs + Math.floor(random() * 7000);
        wrong += Number(localHour(timeMs) !== read(new Date(timeMs)));
      }
      expect(wrong).toBe(0);
    }
  });
});
