// What decoders do with one word at a time: the careful way, which knows a full slot, a sensor's edge and a time that is
// not known yet. The fast ways of each format leave to it whatever is not plain.
import * as S from './state';

/** Counts one more, or `more`, of something. */
export function count(s: usize, what: usize, more: i32 = 1): void {
  store<i32>(s + what, load<i32>(s + what) + more);
}

/** Appends an event. @returns false, with nothing done, when the slot is full */
export function emit(s: usize, t: i64, x: u32, y: u32, p: u32): bool {
  const outside = x >= load<u32>(s, S.WIDTH) || y >= load<u32>(s, S.HEIGHT);
  const isDropped = outside && load<i32>(s, S.DROP_OUTSIDE) != 0;
  const n = load<i32>(s, S.LENGTH);
  if (!isDropped && n >= load<i32>(s, S.CAPACITY)) return false;
  if (outside) count(s, S.OUTSIDE);
  if (isDropped) return true;
  store<i64>((load<u32>(s, S.T) as usize) + (n << 3), t);
  store<u16>((load<u32>(s, S.X) as usize) + (n << 1), x as u16);
  store<u16>((load<u32>(s, S.Y) as usize) + (n << 1), y as u16);
  const signed = load<i32>(s, S.SIGNED);
  store<i8>((load<u32>(s, S.P) as usize) + n, ((p as i32) + ((p as i32) & signed) - signed) as i8);
  store<i32>(s, n + 1, S.LENGTH);
  return true;
}

/** Appends a trigger. @returns false, with nothing done, when there is a slot and it is full */
export function emitTrigger(s: usize, t: i64, id: u32, value: u32): bool {
  const capacity = load<i32>(s, S.TRIGGER_CAPACITY);
  const n = load<i32>(s, S.TRIGGER_LENGTH);
  if (capacity >= 0 && n >= capacity) return false;
  count(s, S.TRIGGERS);
  if (capacity < 0) return true;
  store<i64>((load<u32>(s, S.TRIGGER_T) as usize) + (n << 3), t);
  store<u8>((load<u32>(s, S.TRIGGER_ID) as usize) + n, id as u8);
  store<u8>((load<u32>(s, S.TRIGGER_VALUE) as usize) + n, value as u8);
  store<i32>(s, n + 1, S.TRIGGER_LENGTH);
  return true;
}

/**
 * Appends the events of a mask's bits, lowest first, at x + bit.
 * @returns false when the slot filled up; what is left of the mask is then kept for the next call
 */
export function emitMask(s: usize, t: i64, x: u32, y: u32, p: u32, whole: u32): bool {
  const rest = load<u32>(s, S.REST_MASK);
  let mask = rest != 0 ? rest : whole;
  while (mask != 0) {
    if (!emit(s, t, (x + ctz(mask)) & 0xffff, y, p)) {
      store<u32>(s, mask, S.REST_MASK);
      return false;
    }
    mask &= mask - 1;
  }
  store<u32>(s, 0, S.REST_MASK);
  return true;
}
