// EVT 4.0 in WebAssembly. The byte map stands in decode/evt4.ts, the twin of this file.
import { plainEvents, timeBase, timeHigh28 } from './single-events';
import * as S from './state';
import { count, emit, emitMask, emitTrigger } from './word';

/** The clock turned when TIME_HIGH fell by half its range. */
const FALL: u32 = 1 << 27;

/** The mask word of a vector. */
function maskWord(s: usize, vector: u32, mask: u32): bool {
  if (load<i32>(s, S.HAS_TIME) == 0) count(s, S.EVENTS_BEFORE_TIME, popcnt(mask));
  else if (
    !emitMask(
      s,
      timeBase(s) + ((vector >>> 22) & 63),
      (vector >>> 11) & 0x7ff,
      vector & 0x7ff,
      (vector >>> 28) & 1,
      mask,
    )
  )
    return false;
  store<u32>(s, 0, S.VECTOR_WORD);
  return true;
}

/** One word. @returns false when a slot is full and the word is still to be done */
function step(s: usize, word: u32): bool {
  const vector = load<u32>(s, S.VECTOR_WORD);
  if (vector != 0) return maskWord(s, vector, word);
  const hasTime = load<i32>(s, S.HAS_TIME) != 0;
  const t = timeBase(s) + ((word >>> 22) & 63);
  switch (word >>> 28) {
    case 0x6:
    case 0x7:
      count(s, S.SKIPPED);
      return true;
    case 0x9:
      if (hasTime) return emitTrigger(s, t, (word >>> 8) & 31, word & 1);
      count(s, S.TRIGGERS_BEFORE_TIME);
      return true;
    case 0xa:
    case 0xb:
      if (hasTime) return emit(s, t, (word >>> 11) & 0x7ff, word & 0x7ff, (word >>> 28) & 1);
      count(s, S.EVENTS_BEFORE_TIME);
      return true;
    case 0xc:
    case 0xd:
      store<u32>(s, word, S.VECTOR_WORD);
      return true;
    case 0xe:
      timeHigh28(s, word & 0xfffffff, FALL);
      return true;
    default:
      count(s, word == 0xffffffff ? S.PADDING : S.RESERVED);
      return true;
  }
}

/**
 * Decodes whole words until the input ends or a slot is full.
 * @returns bytes consumed
 */
export function decodeEvt4(s: usize, input: usize, bytes: i32): i32 {
  const end = input + (bytes & ~3);
  let at = input;
  while (at < end) {
    at = plainEvents(s, at, end, 0xa, 0xe);
    if (at >= end || !step(s, load<u32>(at))) break;
    at += 4;
  }
  return (at - input) as i32;
}
