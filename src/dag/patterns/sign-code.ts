// Signs of a rotated vector, one bit each: how many bits of two differ tells the angle between them (Charikar 2002). A
// rotation is three rounds of random signs and a Hadamard transform (Andoni et al. 2015), so that every bit tells as much
// as any other, whatever the vectors are like.

const WORD_BITS = 32;
/** Codes are compared so many words at a time. */
const WORDS_AT_ONCE = 8;
const ROUNDS = 3;
/** Rotations whose signs stand one behind another: two halve what must be measured to find as much. */
const ROTATIONS = 2;

/** Rotates vectors of one length. */
export class SignRotation {
  /** Length of what comes out. */
  readonly bits: number;
  /** Length of one rotated vector: the next power of two, and half of what is compared at once at least. */
  readonly #length: number;
  readonly #signs: Int8Array;
  /** Differences, and the same memory as words: the highest bit of a float is its sign. */
  readonly #differences = new Float32Array(WORD_BITS);
  readonly #words = new Int32Array(this.#differences.buffer);

  constructor(dims: number, random: () => number) {
    const least = (WORD_BITS * WORDS_AT_ONCE) / ROTATIONS;
    this.#length = Math.max(least, 2 ** Math.ceil(Math.log2(dims)));
    this.bits = this.#length * ROTATIONS;
    this.#signs = Int8Array.from({ length: this.bits * ROUNDS }, () => (random() < 0.5 ? -1 : 1));
  }

  /** 32-bit words of one code. */
  get words(): number {
    return this.bits / WORD_BITS;
  }

  /** @param into gets the rotated vectors, not of the same length: only directions matter */
  rotate(values: Float32Array, offset: number, dims: number, into: Float64Array): void {
    into.fill(0);
    for (let start = 0; start < this.bits; start += this.#length) {
      for (let i = 0; i < dims; i++) into[start + i] = values[offset + i]!;
      for (let round = 0; round < ROUNDS; round++) {
        const signs = start * ROUNDS + round * this.#length;
        for (let i = 0; i < this.#length; i++) into[start + i]! *= this.#signs[signs + i]!;
        transform(into, start, this.#length);
      }
    }
  }

  /** Writes the signs of `rotated − center` as words. Without a branch: which way it goes would be a coin's toss. */
  encode(
    rotated: Float64Array,
    center: Float64Array,
    centerOffset: number,
    into: Int32Array,
    offset: number,
  ): void {
    const differences = this.#differences;
    const words = this.#words;
    const count = this.words;
    for (let word = 0; word < count; word++) {
      const at = word * WORD_BITS;
      for (let bit = 0; bit < WORD_BITS; bit++)
        differences[bit] = rotated[at + bit]! - center[centerOffset + at + bit]!;
      let bits = 0;
      for (let bit = 0; bit < WORD_BITS; bit++) bits |= (words[bit]! >>> 31) << bit;
      into[offset + word] = bits;
    }
  }
}

/** The Hadamard transform of a part of an array, in place, without its scale. */
function transform(values: Float64Array, from: number, length: number): void {
  for (let half = 1; half < length; half *= 2) {
    for (let start = from; start < from + length; start += half * 2) {
      for (let i = start; i < start + half; i++) {
        const a = values[i]!;
        const b = values[i + half]!;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

/**
 * Bits in which two codes differ. Eight words are added bit by bit first, by carry-save adders (Warren, Hacker's Delight,
 * 5–1), so that four words are counted instead of eight.
 * @param words a multiple of 8
 */
export function countDifferent(
  codes: Int32Array,
  offset: number,
  other: Int32Array,
  otherOffset: number,
  words: number,
): number {
  let count = 0;
  for (let i = 0; i < words; i += WORDS_AT_ONCE) {
    const a = offset + i;
    const b = otherOffset + i;
    const x0 = codes[a]! ^ other[b]!;
    const x1 = codes[a + 1]! ^ other[b + 1]!;
    const x2 = codes[a + 2]! ^ other[b + 2]!;
    const x3 = codes[a + 3]! ^ other[b + 3]!;
    const x4 = codes[a + 4]! ^ other[b + 4]!;
    const x5 = codes[a + 5]! ^ other[b + 5]!;
    const x6 = codes[a + 6]! ^ other[b + 6]!;
    const x7 = codes[a + 7]! ^ other[b + 7]!;
    const half0 = x0 ^ x1;
    const half1 = x3 ^ x4;
    const sum0 = half0 ^ x2;
    const sum1 = half1 ^ x5;
    const half2 = sum0 ^ sum1;
    const carry0 = (x0 & x1) | (half0 & x2);
    const carry1 = (x3 & x4) | (half1 & x5);
    const carry2 = (sum0 & sum1) | (half2 & x6);
    const half3 = carry0 ^ carry1;
    const ones = countInBytes(half2 ^ x6) + countInBytes(x7);
    const twos = countInBytes(half3 ^ carry2);
    const fours = countInBytes((carry0 & carry1) | (half3 & carry2));
    const bytes = ones + 2 * twos + 4 * fours;
    // At most 64 a byte, 256 in all: one bit more than a byte holds.
    const pairs = (bytes & 0x00ff00ff) + ((bytes >>> 8) & 0x00ff00ff);
    count += (pairs + (pairs >>> 16)) & 0x1ff;
  }
  return count;
}

/** Bits set in each byte of a word. */
function countInBytes(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (nibbles + (nibbles >>> 4)) & 0x0f0f0f0f;
}

/** Cosine of the angle that a number of differing bits stands for, by that number. */
export function buildCosines(bits: number): Float64Array {
  return Float64Array.from({ length: bits + 1 }, (_, different) => Math.cos((Math.PI * different) / bits));
}
