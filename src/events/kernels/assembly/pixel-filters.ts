// Filters that remember each pixel: one event at a time, in order. Every event is written to where it would stay, and the
// place moves on when it does: no branch depends on the data.

/** A pixel that no event has come from. */
const NEVER: i64 = i64.MIN_VALUE;

/** Forgets all pixels. */
export function forgetPixels(memory: usize, pixels: i32): void {
  for (let i = 0; i < pixels; i++) store<i64>(memory + (i << 3), NEVER);
}

/** Moves the event at `at` to `n`; `columns` are the addresses of t, x, y and p. */
function move(columns: usize, at: i32, n: i32): void {
  const t = load<u32>(columns) as usize;
  store<i64>(t + (n << 3), load<i64>(t + (at << 3)));
  const x = load<u32>(columns, 4) as usize;
  store<u16>(x + (n << 1), load<u16>(x + (at << 1)));
  const y = load<u32>(columns, 8) as usize;
  store<u16>(y + (n << 1), load<u16>(y + (at << 1)));
  const p = load<u32>(columns, 12) as usize;
  store<u8>(p + n, load<u8>(p + at));
}

function timeAt(columns: usize, at: i32): i64 {
  return load<i64>((load<u32>(columns) as usize) + (at << 3));
}

/** Which pixel an event comes from; −1 outside of the sensor. */
function pixelAt(columns: usize, at: i32, width: u32, height: u32): i32 {
  const x: u32 = load<u16>((load<u32>(columns, 4) as usize) + (at << 1));
  const y: u32 = load<u16>((load<u32>(columns, 8) as usize) + (at << 1));
  return x < width && y < height ? ((y * width + x) as i32) : -1;
}

/** Drops the events of pixels whose byte in `mask` is not 0. @returns how many stay */
export function dropPixels(mask: usize, width: u32, height: u32, columns: usize, length: i32): i32 {
  let n = 0;
  for (let at = 0; at < length; at++) {
    const pixel = pixelAt(columns, at, width, height);
    const isHot = pixel >= 0 && load<u8>(mask + pixel) != 0;
    move(columns, at, n);
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
  let n = 0;
  for (let at = 0; at < length; at++) {
    const t = timeAt(columns, at);
    const pixel = pixelAt(columns, at, width, height);
    let isEarly = false;
    if (pixel >= 0) {
      const last = load<i64>(memory + (pixel << 3));
      isEarly = last != NEVER && t - last <= period;
      store<i64>(memory + (pixel << 3), t);
    }
    move(columns, at, n);
    n += !isEarly as i32;
  }
  return n;
}

function happenedNear(memory: usize, pixel: i32, t: i64, period: i64): bool {
  const last = load<i64>(memory + (pixel << 3));
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
  let n = 0;
  for (let at = 0; at < events; at++) {
    const pixel = pixelAt(columns, at, width, height);
    if (pixel < 0) continue;
    const t = timeAt(columns, at);
    store<i64>(memory + (pixel << 3), t);
    const x = (pixel as u32) % width;
    const y = (pixel as u32) / width;
    const hasNeighbour =
      (x > 0 && happenedNear(memory, pixel - 1, t, period)) ||
      (x + 1 < width && happenedNear(memory, pixel + 1, t, period)) ||
      (y > 0 && happenedNear(memory, pixel - width, t, period)) ||
      (y + 1 < height && happenedNear(memory, pixel + width, t, period));
    move(columns, at, n);
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
