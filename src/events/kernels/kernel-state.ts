// A decoder's state as it lies in the kernels' memory: the other side of the map in assembly/state.ts (a test compares
// them). Everything is 32 bits wide.
import { DEFAULT_POLARITY } from '../model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';
import type { DecoderOptions, DecoderState } from '../decode/index.ts';
import { createDecoderState } from '../decode/index.ts';

/** Bytes of a state. */
export const STATE_BYTES = 192;

/** Where a field stands, in words of 32 bits. */
export const STATE_FIELDS = {
  hasTime: 0,
  timeHigh: 1,
  timeLow: 2,
  wraps: 3,
  row: 4,
  baseX: 5,
  vectorPolarity: 6,
  vectorWord: 7,
  restMask: 8,
  signed: 9,
  width: 10,
  height: 11,
  dropOutside: 12,
  legacy: 13,
  datVersion: 14,
  datTriggers: 15,
  t: 16,
  x: 17,
  y: 18,
  p: 19,
  capacity: 20,
  length: 21,
  triggerT: 22,
  triggerId: 23,
  triggerValue: 24,
  triggerCapacity: 25,
  triggerLength: 26,
  triggers: 27,
  reserved: 28,
  padding: 29,
  skipped: 30,
  eventsBeforeTime: 31,
  triggersBeforeTime: 32,
  outside: 33,
  timeWraps: 34,
  timeReversals: 35,
  tables: 36,
} as const;

const F = STATE_FIELDS;

/** Sensors nobody declared have no edge: no format's coordinates reach so far. */
const NO_EDGE = 0xffff;

/** Polarities −1/1, in both halves, because kernels load 16 or 32 bits of it. */
const SIGNED = 0x10001;

/** The counters of a call, and where they go. */
const COUNTERS: readonly (readonly [number, keyof ReadCounts])[] = [
  [F.triggers, 'triggers'],
  [F.reserved, 'reservedWords'],
  [F.padding, 'paddingWords'],
  [F.skipped, 'skippedWords'],
  [F.eventsBeforeTime, 'eventsBeforeTime'],
  [F.triggersBeforeTime, 'triggersBeforeTime'],
  [F.outside, 'eventsOutside'],
  [F.timeWraps, 'timeWraps'],
  [F.timeReversals, 'timeReversals'],
];

/** Writes what a decoder begins with. */
export function writeStart(
  words: Uint32Array,
  format: WordFormat,
  options: DecoderOptions,
  tables: number,
): void {
  const state = options.state ?? createDecoderState();
  const { polarity = DEFAULT_POLARITY[format], geometry, dat } = options;
  words.fill(0);
  words[F.hasTime] = Number(state.hasTime);
  words[F.timeHigh] = state.timeHigh;
  words[F.timeLow] = state.timeLow;
  words[F.wraps] = state.wraps;
  words[F.row] = state.y;
  words[F.baseX] = state.baseX;
  words[F.vectorPolarity] = state.vectorPolarity;
  words[F.vectorWord] = state.vectorWord;
  words[F.restMask] = state.restMask;
  words[F.signed] = polarity === 'signed' ? SIGNED : 0;
  words[F.width] = Math.min(geometry?.width ?? NO_EDGE, NO_EDGE);
  words[F.height] = Math.min(geometry?.height ?? NO_EDGE, NO_EDGE);
  words[F.dropOutside] = Number(options.dropOutside ?? false);
  words[F.legacy] = Number(format === 'evt21-legacy');
  words[F.datVersion] = dat?.version ?? 2;
  words[F.datTriggers] = Number(dat?.kind === 'triggers');
  words[F.tables] = tables;
}

/** What a decoder that goes on elsewhere needs. */
export function readDecoderState(words: Uint32Array): DecoderState {
  return {
    hasTime: words[F.hasTime] === 1,
    timeHigh: words[F.timeHigh]!,
    timeLow: words[F.timeLow]!,
    wraps: words[F.wraps]!,
    y: words[F.row]!,
    baseX: words[F.baseX]!,
    vectorPolarity: words[F.vectorPolarity]!,
    vectorWord: words[F.vectorWord]!,
    restMask: words[F.restMask]!,
  };
}

/** The data end: bytes of an EVT4 vector whose mask is missing. */
export function endVector(words: Uint32Array): number {
  const bytes = words[F.vectorWord] === 0 ? 0 : 4;
  words[F.vectorWord] = 0;
  return bytes;
}

/** Says where the next call appends; both slots lie in the kernels' memory. */
export function writeSlots(words: Uint32Array, events: EventSlot, triggers: TriggerSlot | undefined): void {
  words[F.t] = events.t.byteOffset;
  words[F.x] = events.x.byteOffset;
  words[F.y] = events.y.byteOffset;
  words[F.p] = events.p.byteOffset;
  words[F.capacity] = events.capacity;
  words[F.length] = events.length;
  words[F.triggerT] = triggers?.t.byteOffset ?? 0;
  words[F.triggerId] = triggers?.id.byteOffset ?? 0;
  words[F.triggerValue] = triggers?.value.byteOffset ?? 0;
  words[F.triggerCapacity] = triggers?.capacity ?? -1;
  words[F.triggerLength] = triggers?.length ?? 0;
}

/** Takes over how far a call got, and what it counted. */
export function takeResults(
  words: Uint32Array,
  events: EventSlot,
  triggers: TriggerSlot | undefined,
  counts: ReadCounts,
): void {
  counts.events += words[F.length]! - events.length;
  events.length = words[F.length]!;
  if (triggers) triggers.length = words[F.triggerLength]!;
  for (const [at, name] of COUNTERS) {
    counts[name] += words[at]!;
    words[at] = 0;
  }
}
