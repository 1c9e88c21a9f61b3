// LZ4 blocks: a token of 4 bits number of literals, 4 bits length of a match - 4; 15 goes on in bytes up to one that is not
// 255; then the literals, 2 bytes distance of the match back from here. The last sequence has no match.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md

/** Why a block cannot be decoded, and at which byte of `input`. */
export interface Lz4Damage {
  readonly byte: number;
  readonly state: string;
}

/** A part of memory. */
export interface Lz4Range {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const ENDS_EARLY = 'an LZ4 block ends in the middle';
const IS_LARGER = 'an LZ4 block holds more than it should';

/**
 * Decodes a block into `output`; matches may reach back to its byte `window`.
 * @returns where the output ends, or what is wrong
 */
export function decodeLz4Block(input: Lz4Range, output: Lz4Range, window: number): number | Lz4Damage {
  const source = input.bytes;
  const target = output.bytes;
  let from = input.start;
  let to = output.start;
  while (from < input.end) {
    const token = source[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= input.end) return { byte: from, state: ENDS_EARLY };
        more = source[from++]!;
        literals += more;
      }
    }
    if (from + literals > input.end) return { byte: from, state: ENDS_EARLY };
    if (to + literals > output.end) return { byte: from, state: IS_LARGER };
    copyLiterals(source, from, target, to, literals);
    from += literals;
    to += literals;
    if (from === input.end) return to;
    if (from + 2 > input.end) return { byte: from, state: ENDS_EARLY };
    const distance = source[from]! | (source[from + 1]! << 8);
    from += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        if (from >= input.end) return { byte: from, state: ENDS_EARLY };
        more = source[from++]!;
        length += more;
      }
    }
    if (distance === 0 || to - distance < window)
      return { byte: from, state: 'an LZ4 block refers to what is not there' };
    if (to + length > output.end) return { byte: from, state: IS_LARGER };
    copyMatch(target, to, distance, length);
    to += length;
  }
  return to;
}

function copyLiterals(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  if (count > 32) target.set(source.subarray(from, from + count), to);
  else for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
}

/** Copies bytes that may overlap themselves: a short distance repeats. */
function copyMatch(target: Uint8Array, to: number, distance: number, length: number): void {
  if (distance >= length) {
    if (length > 32) target.copyWithin(to, to - distance, to - distance + length);
    else for (let i = 0; i < length; i++) target[to + i] = target[to - distance + i]!;
    return;
  }
  if (distance === 1) {
    target.fill(target[to - 1]!, to, to + length);
    return;
  }
  if (length <= 64) {
    for (let i = 0; i < length; i++) target[to + i] = target[to - distance + i]!;
    return;
  }
  // Doubles what is there until it is long enough.
  const start = to - distance;
  for (let done = 0; done < length;) {
    const size = Math.min(to + done - start, length - done);
    target.copyWithin(to + done, start, start + size);
    done += size;
  }
}
