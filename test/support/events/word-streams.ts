// Random streams of words that hold everything a format can say, likely and unlikely, from a seed.
import type { WordFormat } from '../../../src/events/model/index.ts';

type Random = () => number;

const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** A TIME_HIGH that mostly goes on, and now and then repeats, jumps, falls or wraps. */
function nextHigh(random: Random, high: number, limit: number): number {
  const kind = random();
  if (kind < 0.6) return (high + 1) % limit;
  if (kind < 0.75) return high;
  if (kind < 0.85) return pick(random, [0, limit - 1, limit / 2, limit - 158, limit - 157, limit - 1, 0]);
  return kind < 0.95 ? Math.max(0, high - below(random, 3)) : below(random, limit);
}

const mask32 = (random: Random): number =>
  pick(random, [
    0,
    1,
    0x8000_0000,
    0xffff_ffff,
    below(random, 2 ** 32),
    below(random, 2 ** 32) & below(random, 2 ** 32),
  ]) >>> 0;

function u32Words(random: Random, count: number, types: readonly number[], timeType: number): Uint32Array {
  const words = new Uint32Array(count);
  let high = below(random, 2 ** 28);
  for (let at = 0; at < count; at++) {
    const type = random() < 0.05 ? below(random, 16) : pick(random, types);
    let payload = below(random, 2 ** 28);
    if (type === timeType) payload = high = nextHigh(random, high, 2 ** 28);
    words[at] = ((type << 28) | payload) >>> 0;
    // EVT4: a mask, which may look like anything.
    if (timeType === 0xe && type >> 1 === 6 && ++at < count) words[at] = mask32(random);
    if (random() < 0.01) words[at] = 0xffff_ffff;
  }
  return words;
}

function evt21Words(random: Random, count: number, isLegacy: boolean): Uint32Array {
  const upper = u32Words(random, count, [0, 0, 1, 1, 1, 8, 0xa, 0xe], 8);
  const words = new Uint32Array(2 * count);
  for (let at = 0; at < count; at++) {
    words[2 * at + (isLegacy ? 0 : 1)] = upper[at]!;
    words[2 * at + (isLegacy ? 1 : 0)] = mask32(random);
  }
  return words;
}

function evt3Words(random: Random, count: number): Uint16Array {
  const words: number[] = [];
  let high = below(random, 4096);
  while (words.length < count) {
    const type =
      random() < 0.05 ? below(random, 16) : pick(random, [0, 2, 2, 2, 3, 4, 4, 5, 6, 6, 8, 9, 0xa, 0xe]);
    const payload = below(random, 4096);
    if (type === 8) {
      high = nextHigh(random, high, 4096);
      words.push(0x8000 | high);
    } else if (type === 9) words.push(random() < 0.9 ? 0x9999 : 0x9000 | payload);
    else if (type === 4 && random() < 0.5) {
      words.push(0x4000 | payload, 0x4000 | below(random, 4096), 0x5000 | below(random, 4096));
    } else words.push((type << 12) | (random() < 0.2 ? pick(random, [0, 0xfff, 0x7ff, 0x800]) : payload));
  }
  return Uint16Array.from(words.slice(0, count));
}

function datRecords(random: Random, count: number): Uint32Array {
  const words = new Uint32Array(2 * count);
  let t = below(random, 2 ** 32);
  for (let at = 0; at < count; at++) {
    t =
      random() < 0.02
        ? pick(random, [0, 2 ** 32 - 1, 2 ** 31, below(random, 2 ** 32)])
        : t + below(random, 50);
    words[2 * at] = t;
    words[2 * at + 1] = below(random, 2 ** 32);
  }
  return words;
}

/** `count` words of `format`. */
export function buildWordStream(format: WordFormat, random: Random, count: number): Uint8Array {
  const words = {
    evt2: () => u32Words(random, count, [0, 0, 0, 1, 1, 1, 8, 8, 0xa, 0xd, 0xe, 0xf], 8),
    evt21: () => evt21Words(random, count, false),
    'evt21-legacy': () => evt21Words(random, count, true),
    evt3: () => evt3Words(random, count),
    evt4: () => u32Words(random, count, [0xa, 0xb, 0xc, 0xd, 0xe, 0xe, 6, 7, 9], 0xe),
    dat: () => datRecords(random, count),
  }[format]();
  return new Uint8Array(words.buffer, 0, words.byteLength);
}
