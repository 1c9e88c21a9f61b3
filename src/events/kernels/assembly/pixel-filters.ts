// Filters that remember each pixel: one event at a time, in order. Every event is written to where it would stay, and the
// place moves on when it does: no branch depends on the data.

/** A pixel that no event has come from. */
const NEVER: i64 = i64.MIN_VALUE;

/** Forgets all pixels. */
export function forgetPixels(memory: usize, pixels: i32): void {
  for (let i = 0; i < pixels; i++) store<i64>(memory + (i << 3), NEVER);
}

/** Moves the event at `at` to `n`. */
function move(t: usize, x: usize, y: usize, p: usize, at: i32, n: i32): void {
  store<i64>(t + (n << 3), load<i64>(t + (at << 3)));
  store<u16>(x + (n << 1), load<u16>(x + (at << 1)));
  store<u16>(y + (n << 1), load<u16>(y + (at << 1)));
  store<u8>(p + n, load<u8>(p + at));
}

/** Drops the events of pixels whose byte in `mask` is not 0. @returns how many stay */
export function dropPixels(
  mask: usize,
  width: u32,
  height: u32,
  t: usize,
  x: usize,
  y: usize,
  p: usize,
  length: i32,
): i32 {
  let n = 0;
  for (let at = 0; at < length; at++) {
    const xx: u32 = load<u16>(x + (at << 1));
    const yy: u32 = load<u16>(y + (at << 1));
    const isHot = xx < width && yy < height && load<u8>(mask + yy * width + xx) != 0;
    move(t, x, y, p, at, n);
    n += !isHot as i32;
  }
  return n;
}

/** Drops an event at most `period` after the last one of its pixel, kept or not. @returns how many stay */
export function dropRefractory(
  memory: usize,
  width: u32,
  height: u32,
  period: i64,
  t: usize,
  x: usize,
  y: usize,
  p: usize,
  length: i32,
): i32 {
  let n = 0;
  for (let at = 0; at < length; at++) {
    const xx: u32 = load<u16>(x + (at << 1));
    const yy: u32 = load<u16>(y + (at << 1));
    const tt = load<i64>(t + (at << 3));
    let isEarly = false;
    if (xx < width && yy < height) {
      const pixel = memory + ((yy * width + xx) << 3);
      const last = load<i64>(pixel);
      isEarly = last != NEVER && tt - last <= period;
      store<i64>(pixel, tt);
    }
    move(t, x, y, p, at, n);
    n += !isEarly as i32;
  }
  return n;
}

function happenedNear(pixel: usize, t: i64, period: i64): bool {
  const last = load<i64>(pixel);
  return last != NEVER && t - last < period;
}

/** Keeps an event when one of the four pixels beside its own had one less than `period` before. @returns how many stay */
export function dropIsolated(
  memory: usize,
  width: u32,
  height: u32,
  period: i64,
  t: usize,
  x: usize,
  y: usize,
  p: usize,
  length: i32,
): i32 {
  const row = (width as usize) << 3;
  let n = 0;
  for (let at = 0; at < length; at++) {
    const xx: u32 = load<u16>(x + (at << 1));
    const yy: u32 = load<u16>(y + (at << 1));
    if (xx >= width || yy >= height) continue;
    const tt = load<i64>(t + (at << 3));
    const pixel = memory + ((yy * width + xx) << 3);
    store<i64>(pixel, tt);
    const hasNeighbour =
      (xx > 0 && happenedNear(pixel - 8, tt, period)) ||
      (xx + 1 < width && happenedNear(pixel + 8, tt, period)) ||
      (yy > 0 && happenedNear(pixel - row, tt, period)) ||
      (yy + 1 < height && happenedNear(pixel + row, tt, period));
    move(t, x, y, p, at, n);
    n += hasNeighbour as i32;
  }
  return n;
}

/** Adds `shift` to `length` times. */
export function shiftTimes(t: usize, length: i32, shift: i64): void {
  const shifts = i64x2.splat(shift);
  let at = 0;
  for (; at + 2 <= length; at += 2) v128.store(t + (at << 3), i64x2.add(v128.load(t + (at << 3)), shifts));
  if (at < length) store<i64>(t + (at << 3), load<i64>(t + (at << 3)) + shift);
}
