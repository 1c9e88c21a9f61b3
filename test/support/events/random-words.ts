// Streams of words as a careless camera might send them: mostly events, every other word of the format now and then, times
// that go on, fall or wrap, and bytes that make no sense at all.
import type { WordFormat } from '../../../src/events/model/index.ts';

/** Draws 0 ≤ value < 1. */
export type Draw = () => number;

const below = (draw: Draw, limit: number): number => Math.floor(draw() * limit);

/** One word of 32 bits or the upper half of 64: types and where the events' place lies are EVT2's. */
function drawHead(draw: Draw, types: readonly number[], times: { high: number }, highType: number): number {
  const dice = draw();
  if (dice < 0.02) {
    const leap = draw();
    if (leap < 0.1) times.high = below(draw, 2 ** 28);
    else if (leap < 0.2) times.high = Math.max(0, times.high - below(draw, 3));
    else if (leap < 0.25) times.high = 2 ** 28 - 1 - below(draw, 200);
    else times.high = (times.high + below(draw, 3)) % 2 ** 28;
    return ((highType << 28) | times.high) >>> 0;
  }
  const type = dice < 0.04 ? below(draw, 16) : types[below(draw, types.length)]!;
  return ((type << 28) | (below(draw, 64) << 22) | (below(draw, 700) << 11) | below(draw, 500)) >>> 0;
}

function draw32(draw: Draw, words: number, types: readonly number[], highType: number): Uint32Array {
  const times = { high: below(draw, 1000) };
  return Uint32Array.from({ length: words }, () =>
    draw() < 0.01 ? below(draw, 2 ** 32) : drawHead(draw, types, times, highType),
  );
}

function drawEvt21(draw: Draw, words: number, isLegacy: boolean): Uint32Array {
  const heads = draw32(draw, words, [0, 1], 8);
  const out = new Uint32Array(words * 2);
  heads.forEach((head, i) => {
    out[2 * i + (isLegacy ? 0 : 1)] = head;
    out[2 * i + (isLegacy ? 1 : 0)] = drawMask(draw);
  });
  return out;
}

const drawMask = (draw: Draw): number =>
  draw() < 0.2 ? 0xffff_ffff : (below(draw, 2 ** 32) & below(draw, 2 ** 32)) >>> 0;

function drawEvt3(draw: Draw, words: number): Uint16Array {
  const out: number[] = [];
  let high = below(draw, 4096);
  while (out.length < words) {
    const dice = draw();
    if (dice < 0.1) out.push(0x6000 | below(draw, 4096));
    else if (dice < 0.2) out.push(below(draw, 500) | (below(draw, 2) << 11));
    else if (dice < 0.4) {
      const mask = drawMask(draw);
      out.push(0x3000 | (below(draw, 2) << 11) | below(draw, 700));
      out.push(0x4000 | (mask & 0xfff), 0x4000 | ((mask >>> 12) & 0xfff), 0x5000 | (mask >>> 24));
    } else if (dice < 0.42) {
      high = draw() < 0.1 ? below(draw, 4096) : (high + below(draw, 3)) % 4096;
      out.push(0x8000 | high);
    } else if (dice < 0.5) out.push(below(draw, 65_536));
    else if (dice < 0.51) out.push(0x9999);
    else out.push(0x2000 | (below(draw, 2) << 11) | below(draw, 700));
  }
  return Uint16Array.from(out.slice(0, words));
}

function drawDat(draw: Draw, words: number): Uint32Array {
  let t = draw() < 0.5 ? 2 ** 32 - 5000 : below(draw, 1e6);
  return Uint32Array.from({ length: words * 2 }, (_, i) => {
    if (i % 2 === 1) {
      return ((below(draw, 3) << 28) | (below(draw, 500) << 14) | below(draw, 700)) >>> 0;
    }
    t = draw() < 0.02 ? below(draw, 2 ** 32) : (t + below(draw, 3)) % 2 ** 32;
    return t;
  });
}

const bytesOf = ({ buffer }: Uint16Array | Uint32Array): Uint8Array => new Uint8Array(buffer as ArrayBuffer);

/** The bytes of so many words of a format. */
export function drawWords(format: WordFormat, draw: Draw, words: number): Uint8Array {
  if (format === 'evt2') return bytesOf(draw32(draw, words, [0, 0, 1, 1, 0, 1, 0, 1, 0xa], 8));
  if (format === 'evt4')
    return bytesOf(draw32(draw, words, [0xa, 0xb, 0xa, 0xb, 0xa, 0xb, 0xc, 0xd, 9], 0xe));
  if (format === 'evt3') return bytesOf(drawEvt3(draw, words));
  if (format === 'dat') return bytesOf(drawDat(draw, words));
  return bytesOf(drawEvt21(draw, words, format === 'evt21-legacy'));
}

/** Changes about one byte of a hundred. */
export function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const out = bytes.slice();
  for (let i = bytes.length / 100; i > 0; i--) out[below(draw, bytes.length)] = below(draw, 256);
  return out;
}
