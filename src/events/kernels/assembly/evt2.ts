// EVT 2.0 in WebAssembly. The byte map stands in decode/evt2.ts, the twin of this file.
import { plainEvents, timeBase, timeHigh28 } from './single-events';
import * as S from './state';
import { count, emit, emitTrigger } from './word';

/** The largest time less 10 ms, in units of TIME_HIGH: a fall by so much is a turn of the clock. */
const FALL: u32 = 0xfffffff - 156;

/** One word. @returns false when a slot is full and the word is still to be done */
function step(s: usize, word: u32): bool {
  const type = word >>> 28;
  const hasTime = load<i32>(s, S.HAS_TIME) != 0;
  const t = timeBase(s) + ((word >>> 22) & 63);
  if (type <= 1) {
    if (hasTime) return emit(s, t, (word >>> 11) & 0x7ff, word & 0x7ff, type);
    count(s, S.EVENTS_BEFORE_TIME);
  } else if (type == 0x8) timeHigh28(s, word & 0xfffffff, FALL);
  else if (type == 0xa) {
    if (hasTime) return emitTrigger(s, t, (word >>> 8) & 31, word & 1);
    count(s, S.TRIGGERS_BEFORE_TIME);
  } else if (type >= 0xd) count(s, S.SKIPPED);
  else count(s, S.RESERVED);
  return true;
}

/**
 * Decodes whole words until the input ends or a slot is full.
 * @returns bytes consumed
 */
export function decodeEvt2(s: usize, input: usize, bytes: i32): i32 {
  const end = input + (bytes & ~3);
  let at = input;
  while (at < end) {
    at = plainEvents(s, at, end, 0, 8);
    if (at >= end || !step(s, load<u32>(at))) break;
    at += 4;
  }
  return (at - input) as i32;
}
