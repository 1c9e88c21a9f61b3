// The state of a decoder in the middle of the data, read backwards from there: what lets two workers decode two blocks
// of one file at once. Answers are exact or undefined, never a guess.
import { WORD_BYTES } from '../model/index.ts';
import type { WordFormat } from '../model/index.ts';
import type { DecoderState, LookBack } from './contract.ts';
import { createDecoderState } from './word-decoder.ts';

const ADDR_Y = 0x0;
const VECT_BASE_X = 0x3;
const VECT_12 = 0x4;
const VECT_8 = 0x5;
const TIME_LOW = 0x6;
const TIME_HIGH = 0x8;

/** Reads the state at the end of `before` (see {@link LookBack}). */
export const lookBack: LookBack = (format, before, isStart) => {
  if (format === 'evt3') return lookBackEvt3(before, isStart);
  if (format === 'evt4') return lookBackEvt4(before, isStart);
  const timeAt = findTimeWord(format, before);
  if (timeAt >= 0) return withTime(readHigh(format, before, timeAt));
  return isStart ? createDecoderState() : undefined;
};

const withTime = (timeHigh: number): DecoderState => ({ ...createDecoderState(), hasTime: true, timeHigh });

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the type of a word stands: the last byte, in the legacy order of EVT2.1 the fourth. */
const typeByteOf = (format: WordFormat): number => (format === 'evt21-legacy' ? 3 : WORD_BYTES[format] - 1);

/** Byte of the last TIME_HIGH word (in DAT: of the last record), else −1. */
function findTimeWord(format: WordFormat, before: Uint8Array): number {
  const size = WORD_BYTES[format];
  const typeByte = typeByteOf(format);
  for (let at = before.length - size; at >= 0; at -= size) {
    if (format === 'dat' || before[at + typeByte]! >>> 4 === TIME_HIGH) return at;
  }
  return -1;
}

function readHigh(format: WordFormat, before: Uint8Array, at: number): number {
  const view = viewOf(before);
  if (format === 'dat') return view.getUint32(at, true);
  return view.getUint32(at + typeByteOf(format) - 3, true) & 0xfff_ffff;
}

/**
 * In EVT4 any word behind a vector word is a mask, whatever it looks like. But behind a word that does not look like a
 * vector word a new word begins, whether that was a mask or not: from there on words and masks can be told apart.
 */
function lookBackEvt4(before: Uint8Array, isStart: boolean): DecoderState | undefined {
  const view = viewOf(before);
  let end = findStretch(before, before.length);
  if (end === 0 && !isStart) return undefined;
  const isCut = (before.length - end) % 8 === 4;
  const vectorWord = isCut ? view.getUint32(before.length - 4, true) : 0;
  while (end > 0) {
    const at = end - 4;
    end = findStretch(before, at);
    if (before[at + 3]! >>> 4 !== 0xe) continue;
    if (end === 0 && !isStart) return undefined;
    // Behind an even number of words that look like vectors, of which every other one is a mask, it is none.
    const isMask = (at - end) % 8 === 4;
    if (!isMask) return { ...withTime(view.getUint32(at, true) & 0xfff_ffff), vectorWord };
  }
  return isStart ? { ...createDecoderState(), vectorWord } : undefined;
}

/** Where the words in front of `end` that all look like vector words begin. */
function findStretch(before: Uint8Array, end: number): number {
  let start = end;
  while (start > 0 && before[start - 1]! >>> 5 === 0b110) start -= 4;
  return start;
}

function lookBackEvt3(before: Uint8Array, isStart: boolean): DecoderState | undefined {
  const rowAt = findEvt3(before, [ADDR_Y]);
  const baseAt = findEvt3(before, [VECT_BASE_X]);
  const time = findEvt3Time(before, isStart);
  if (time === undefined) return undefined;
  if (!isStart && (rowAt < 0 || baseAt < 0)) return undefined;
  const base = baseAt < 0 ? 0 : readEvt3(before, baseAt);
  return {
    ...createDecoderState(),
    ...time,
    y: rowAt < 0 ? 0 : readEvt3(before, rowAt) & 0x7ff,
    baseX: ((base & 0x7ff) + sumVectors(before, Math.max(baseAt, 0))) & 0xffff,
    vectorPolarity: base >>> 11,
  };
}

/** Byte of the last word of one of `types` in front of `end`, else −1. */
function findEvt3(before: Uint8Array, types: readonly number[], end: number = before.length): number {
  for (let at = end - 2; at >= 0; at -= 2) if (types.includes(before[at + 1]! >>> 4)) return at;
  return -1;
}

/** The 12 bits of a word behind its type. */
const readEvt3 = (before: Uint8Array, at: number): number => viewOf(before).getUint16(at, true) & 0xfff;

/** How far vector words from `start` on move the base. */
function sumVectors(before: Uint8Array, start: number): number {
  let moved = 0;
  for (let at = start + 1; at < before.length; at += 2) {
    const type = before[at]! >>> 4;
    if (type === VECT_12) moved += 12;
    else if (type === VECT_8) moved += 8;
  }
  return moved;
}

/** The clock: a TIME_HIGH sets the low bits to 0 only when it differs from the one before. */
function findEvt3Time(before: Uint8Array, isStart: boolean): Partial<DecoderState> | undefined {
  let at = findEvt3(before, [TIME_HIGH]);
  if (at < 0) return isStart ? {} : undefined;
  const timeHigh = readEvt3(before, at);
  const lowAt = findEvt3(before, [TIME_LOW]);
  const time = { hasTime: true, timeHigh };
  if (lowAt > at) return { ...time, timeLow: readEvt3(before, lowAt) };
  while (at >= 0) {
    const earlier = findEvt3(before, [TIME_HIGH, TIME_LOW], at);
    if (earlier < 0) break;
    if (before[earlier + 1]! >>> 4 === TIME_LOW) {
      const highAt = findEvt3(before, [TIME_HIGH], earlier);
      if (highAt < 0) break;
      return { ...time, timeLow: readEvt3(before, highAt) === timeHigh ? readEvt3(before, earlier) : 0 };
    }
    if (readEvt3(before, earlier) !== timeHigh) return { ...time, timeLow: 0 };
    at = earlier;
  }
  return isStart ? { ...time, timeLow: 0 } : undefined;
}
