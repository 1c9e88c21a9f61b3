// Signs of a rotated vector, one bit a dimension: how many bits of two differ tells the angle between them (Charikar 2002).
// The rotation is three rounds of random signs and a Hadamard transform (Andoni et al. 2015), so that every bit tells as
// much as any other, whatever the vectors are like.

/** Bits a word; a table of counts has one entry a word. */
const WORD_BITS = 16;

/** Bits set in each number of 16 bits. */
const bitCounts = new Uint8Array(2 ** WORD_BITS);
for (let word = 1; word < bitCounts.length; word++) bitCounts[word] = bitCounts[word >> 1]! + (word & 1);

const ROUNDS = 3;

/** Rotates vectors of one length. */
export class SignRotation {
  /** Length of what comes out: the next power of two, at least one word. */
  readonly bits: number;
  readonly #signs: Int8Array;

  constructor(dims: number, random: () => number) {
    this.bits = Math.max(WORD_BITS, 2 ** Math.ceil(Math.log2(dims)));
    this.#signs = Int8Array.from({ length: this.bits * ROUNDS }, () => (random() < 0.5 ? -1 : 1));
  }

  /** 16-bit words of one code. */
  get words(): number {
    return this.bits / WORD_BITS;
  }

  /** @param into gets the rotated vector, not of the same length: only directions matter */
  rotate(values: Float32Array, offset: number, dims: number, into: Float64Array): void {
    into.fill(0);
    for (let i = 0; i < dims; i++) into[i] = values[offset + i]!;
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < this.bits; i++) into[i]! *= this.#signs[round * this.bits + i]!;
      transform(into);
    }
  }

  /** Writes the signs of `rotated − center` as words. */
  encode(
    rotated: Float64Array,
    center: Float64Array,
    centerOffset: number,
    into: Uint16Array,
    offset: number,
  ): void {
    for (let word = 0; word < this.words; word++) {
      let bits = 0;
      for (let bit = 0; bit < WORD_BITS; bit++) {
        const at = word * WORD_BITS + bit;
        bits |= (rotated[at]! < center[centerOffset + at]! ? 1 : 0) << bit;
      }
      into[offset + word] = bits;
    }
  }
}

/** The Hadamard transform in place, without its scale. */
function transform(values: Float64Array): void {
  for (let half = 1; half < values.length; half *= 2) {
    for (let start = 0; start < values.length; start += half * 2) {
      for (let i = start; i < start + half; i++) {
        const a = values[i]!;
        const b = values[i + half]!;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

/** Bits in which two codes differ. */
export function countDifferent(
  codes: Uint16Array,
  offset: number,
  other: Uint16Array,
  otherOffset: number,
  words: number,
): number {
  let count = 0;
  for (let word = 0; word < words; word++)
    count += bitCounts[codes[offset + word]! ^ other[otherOffset + word]!]!;
  return count;
}

/** Cosine of the angle that a number of differing bits stands for, by that number. */
export function buildCosines(bits: number): Float64Array {
  return Float64Array.from({ length: bits + 1 }, (_, different) => Math.cos((Math.PI * different) / bits));
}
