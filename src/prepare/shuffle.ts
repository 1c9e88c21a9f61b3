// Numbers in an order that nobody can foresee (Fisher–Yates with the system's random bytes).
import { randomBytes } from 'node:crypto';

/** The numbers 1 to `length`, shuffled. */
export function shuffledNumbers(length: number): Int32Array {
  const numbers = Int32Array.from({ length }, (_, i) => i + 1);
  // 53 random bits against a bound below 2^31: the bias is below 2^-22.
  const random = new BigUint64Array(new Uint8Array(randomBytes(length * 8)).buffer);
  for (let i = length - 1; i > 0; i--) {
    const other = Math.floor((Number(random[i]! >> 11n) / 2 ** 53) * (i + 1));
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}
