// Rounds sizes of machines up: first to what is sold (8, 12, 16, 24, 32 GiB, …), then to powers of two.
// The exact total of a machine differs with its firmware and kernel, and so names it.

/** How coarse: 0 is a power of two or one and a half of one, 1 is a power of two. */
export type SizeLevel = 0 | 1;

/** The size rounded up; 0 stays 0 and NaN (missing) stays NaN. */
export function coarseSize(size: number, level: SizeLevel): number {
  if (!(size > 0)) return size;
  const power = 2 ** Math.ceil(Math.log2(size));
  const between = power * 0.75;
  return level === 0 && size <= between ? between : power;
}
