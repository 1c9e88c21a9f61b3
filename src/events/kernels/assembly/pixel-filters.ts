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

/**
 * Drops the events of pixels whose byte in `mask` is not 0.
 * @param columns where the addresses of t, x, y and p stand
 * @returns how many stay
 */
export function dropPixels(mask: usize, width: u32, height: u32, columns: usize, length: i32): i32 {
  let n = 0;
  const t = load<u32>(columns) as usize;
  const x = load<u32>(columns, 4) as usize;
  const y = load<u32>(columns, 8) as usize;
  const p = load<u32>(columns, 12) as usize;
  for (let at = 0; at < length; at++) {
    const column: u32 = load<u16>(x + (at << 1));
    const row: u32 = load<u16>(y + (at << 1));
    const isHot = column < width && row < height && load<u8>(mask + row * width + column) != 0;
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
  columns: usize,
  length: i32,
  period: i64,
): i32 {
  const p = load<u32>(columns, 12) as usize;
  const y = load<u32>(columns, 8) as usize;
  const x = load<u32>(columns, 4) as usize;
  const t = load<u32>(columns) as usize;
  let n = 0;
  for (let at = 0; at < length; at++) {
    const time = load<i64>(t + (at << 3));
    const column: u32 = load<u16>(x + (at << 1));
    const row: u32 = load<u16>(y + (at << 1));
    let isEarly = false;
    if (column < width && row < height) {
      const pixel = memory + ((row * width + column) << 3);
      const last = load<i64>(pixel);
      isEarly = last != NEVER && time - last <= period;
      store<i64>(pixel, time);
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
  columns: usize,
  events: i32,
  period: i64,
): i32 {
  const x = load<u32>(columns, 4) as usize;
  const y = load<u32>(columns, 8) as usize;
  const t = load<u32>(columns) as usize;
  const p = load<u32>(columns, 12) as usize;
  const rowBytes = (width as usize) << 3;
  let n = 0;
  for (let at = 0; at < events; at++) {
    const column: u32 = load<u16>(x + (at << 1));
    const row: u32 = load<u16>(y + (at << 1));
    if (column >= width || row >= height) continue;
    const pixel = memory + ((row * width + column) << 3);
    const time = load<i64>(t + (at << 3));
    store<i64>(pixel, time);
    const hasNeighbour =
      (column > 0 && happenedNear(pixel - 8, time, period)) ||
      (column + 1 < width && happenedNear(pixel + 8, time, period)) ||
      (row > 0 && happenedNear(pixel - rowBytes, time, period)) ||
      (row + 1 < height && happenedNear(pixel + rowBytes, time, period));
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
