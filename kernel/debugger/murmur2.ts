// MurmurHash2 (x86, 32 bits) of a text's UTF-8 bytes: by it front ends and kernels give a cell the same path.
// https://github.com/aappleby/smhasher/blob/master/src/MurmurHash2.cpp

const MULTIPLIER = 0x5bd1e995;
const encoder = new TextEncoder();

/** The hash of a text as an unsigned number. */
export function hashMurmur2(text: string, seed: number): number {
  const bytes = encoder.encode(text);
  let hash = seed ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let part = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    part = Math.imul(part, MULTIPLIER);
    part ^= part >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(part, MULTIPLIER);
  }
  const rest = bytes.length - whole;
  for (let at = 0; at < rest; at++) hash ^= bytes[whole + at]! << (8 * at);
  if (rest > 0) hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 15;
  return hash >>> 0;
}
