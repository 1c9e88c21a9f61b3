// Numbers in an order that nobody without the key can foresee (Fisher–Yates), and that comes again with it:
// a release made twice with one key is the same release.
import type { ReleaseKey } from './release-key.ts';

/** The numbers 1 to `length`, shuffled. */
export function shuffledNumbers(length: number, key: ReleaseKey): Int32Array {
  const numbers = Int32Array.from({ length }, (_, i) => i + 1);
  const bytes = Uint8Array.from(key.derive('process numbers', length * 8));
  const random = new BigUint64Array(bytes.buffer);
  for (let i = length - 1; i > 0; i--) {
    // 53 random bits against a bound below 2^31: the bias is below 2^-22.
    const other = Math.floor((Number(random[i]! >> 11n) / 2 ** 53) * (i + 1));
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}
