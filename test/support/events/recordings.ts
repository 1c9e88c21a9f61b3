// Random recordings to write, from a seed.
import type { EventColumns, TriggerColumns } from '../../../src/events/model/index.ts';

/** What {@link buildRecording} makes. */
export interface RecordingShape {
  count: number;
  /** Largest x and y. */
  largest: number;
  /** How far t goes on at most from one event to the next; 0 is drawn often. */
  step: number;
  /** t of the first event. */
  start?: number;
  /** How far t may go back, now and then. @default 0 */
  back?: number;
}

/** Events in rows and alone, as a camera gives them, with p 0 or 1. */
export function buildRecording(random: () => number, shape: RecordingShape): EventColumns {
  const { count, largest, step, start = 0, back = 0 } = shape;
  const below = (limit: number): number => Math.floor(random() * limit);
  const events = {
    t: new BigInt64Array(count),
    x: new Uint16Array(count),
    y: new Uint16Array(count),
    p: new Int8Array(count),
    length: count,
  };
  let t = start;
  let [x, y, p] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    if (random() < 0.7 && x < largest) x += 1 + (random() < 0.5 ? 0 : below(Math.min(12, largest - x)));
    else {
      [x, y, p] = [below(largest + 1), below(largest + 1), below(2)];
      if (random() < 0.5) t += below(step + 1);
      if (back > 0 && random() < 0.2) t = Math.max(0, t - below(back + 1));
    }
    events.t[at] = BigInt(t);
    events.x[at] = x;
    events.y[at] = y;
    events.p[at] = p;
  }
  return events;
}

/** Triggers between the events' times. */
export function buildTriggers(random: () => number, events: EventColumns, count: number): TriggerColumns {
  const picked = Array.from({ length: count }, () => events.t[Math.floor(random() * events.length)]!);
  const t = BigInt64Array.from(picked).sort();
  return {
    t,
    id: Uint8Array.from(picked, () => Math.floor(random() * 16)),
    value: Uint8Array.from(picked, () => Math.floor(random() * 2)),
    length: count,
  };
}
