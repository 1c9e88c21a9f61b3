// How far a reading is.
import { expect, it } from 'vitest';
import { ReadingMeter } from '../../../../src/events/read/reading-meter.ts';
import type { EventProgress } from '../../../../src/events/index.ts';

it('ReadingMeter reports at most every 120 ms while it is called, with rate and what is left', () => {
  let nowMs = 0;
  const seen: EventProgress[] = [];
  const meter = new ReadingMeter(
    (progress) => seen.push(progress),
    () => nowMs,
  );
  for (nowMs = 0; nowMs <= 1000; nowMs += 10) {
    meter.update({ events: nowMs * 100, bytesRead: nowMs, totalBytes: 4000 });
  }
  expect(seen).toHaveLength(8);
  expect(seen.at(-1)).toMatchObject({
    events: 96_000,
    share: 0.24,
    eventsPerSecond: 100_000,
    elapsedSeconds: 0.96,
  });
  expect(seen.at(-1)!.etaSeconds).toBeCloseTo(3.04);
});

it('ReadingMeter knows no share and no end of a pipe, and ends with all of it', () => {
  const seen: EventProgress[] = [];
  const meter = new ReadingMeter(
    (progress) => seen.push(progress),
    () => 0,
  );
  const at = { events: 1, bytesRead: 4, totalBytes: null };
  expect(meter.measure(at)).toMatchObject({ share: null, etaSeconds: null });
  meter.finish(at);
  expect(seen).toMatchObject([{ share: 1, etaSeconds: 0 }]);
});
