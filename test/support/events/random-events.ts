// Events of a small sensor, as columns in a slot: times that mostly go on, pixels that repeat.
import { createEventSlot } from '../../../src/events/model/index.ts';
import type { EventColumns, EventSlot } from '../../../src/events/model/index.ts';

/** What random events may be. */
export interface DrawnEvents {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Off and on. @default −1 and 1 */
  readonly polarities?: readonly [number, number];
  /** First time. @default 1,000,000 */
  readonly startAt?: bigint;
  /** Times that go back now and then. @default false */
  readonly isUnordered?: boolean;
}

/** Draws events into `slot`, a new one by default. */
export function drawEvents(draw: () => number, options: DrawnEvents, slot?: EventSlot): EventSlot {
  const { count, width, height, polarities = [-1, 1], startAt = 1_000_000n } = options;
  const events = slot ?? createEventSlot(count);
  let t = startAt;
  for (let i = 0; i < count; i++) {
    t += BigInt(Math.floor(draw() * 40));
    events.t[i] = options.isUnordered && draw() < 0.1 ? t - BigInt(Math.floor(draw() * 500)) : t;
    events.x[i] = Math.floor(draw() * width);
    events.y[i] = Math.floor(draw() * height);
    events.p[i] = polarities[draw() < 0.5 ? 0 : 1];
  }
  events.length = count;
  return events;
}

/** Copies of the four columns, for comparisons. */
export const listEvents = ({
  t,
  x,
  y,
  p,
  length,
}: EventColumns): (readonly [bigint, number, number, number])[] =>
  Array.from({ length }, (_, i) => [t[i]!, x[i]!, y[i]!, p[i]!] as const);
