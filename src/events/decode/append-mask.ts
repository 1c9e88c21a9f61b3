// Vectors: one word that stands for an event at every bit set of a mask.
import type { EventSlot, ReadCounts } from '../model/index.ts';
import type { EventRules } from './word-decoder.ts';

/** What the events of one vector have in common. */
export interface VectorPlace {
  /** Lanes of t. */
  lo: number;
  hi: number;
  /** x of bit 0. */
  x: number;
  y: number;
  /** 0 or 1. */
  polarity: number;
}

/** Appends an event for each bit of `mask`, lowest first. @returns the bits there was no room for */
export function appendMask(
  events: EventSlot,
  rules: EventRules,
  counts: ReadCounts,
  mask: number,
  place: Readonly<VectorPlace>,
): number {
  const { lanes, x, y, p, capacity } = events;
  const { width, height, dropOutside } = rules;
  const { lo, hi, x: base, y: row } = place;
  const polarity = rules.off + place.polarity * rules.step;
  let n = events.length;
  let rest = mask;
  while (rest !== 0 && n < capacity) {
    const column = (base + 31 - Math.clz32(rest & -rest)) & 0xffff;
    rest &= rest - 1;
    lanes[2 * n] = lo;
    lanes[2 * n + 1] = hi;
    x[n] = column;
    y[n] = row;
    p[n] = polarity;
    n++;
    if (column >= width || row >= height) {
      counts.eventsOutside++;
      if (dropOutside) n--;
    }
  }
  events.length = n;
  return rest;
}

/** How many bits of a u32 are set. */
export function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
