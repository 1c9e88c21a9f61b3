// Random streams of words: every decoder equals the oracle, however the bytes are cut and whatever room there is.
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../../src/core/index.ts';
import { lookBack, scriptDecoders } from '../../../../src/events/decode/index.ts';
import type { WordFormat } from '../../../../src/events/model/index.ts';
import { WORD_BYTES, WRAP_MICROSECONDS } from '../../../../src/events/model/index.ts';
import { decodeAll, feed } from '../../../support/events/drive.ts';
import { readByOracle } from '../../../support/events/oracle.ts';
import { buildWordStream } from '../../../support/events/word-streams.ts';

const formats = Object.keys(WORD_BYTES) as WordFormat[];
const seed = 20_261_129;

const pieceLists = [
  { cuts: [1] },
  { cuts: [1], events: 1, triggers: 1 },
  { cuts: [7, 2, 3], events: 5, triggers: 2 },
  { cuts: [3, 1, 64, 5], events: 31, triggers: 1, isUnaligned: true },
  { events: 1 },
  { events: 11, isUnaligned: true },
  { cuts: [4096], events: 33 },
];

describe.each(formats)('createDecoder() of %s', (format) => {
  it('equals the oracle when words of all kinds come in random order', () => {
    for (let round = 0; round < 12; round++) {
      const random = createSeededRandom(seed + round);
      const whole = buildWordStream(format, random, 300);
      const bytes = whole.subarray(0, whole.length - Math.floor(random() * WORD_BYTES[format]));
      const { events, triggers, counts } = readByOracle(format, bytes);
      expect(decodeAll(format, bytes), `seed ${seed + round}`).toStrictEqual({ events, triggers, counts });
    }
  });

  it.each(pieceLists)('gives the same when the pieces are $cuts and the slots $events', (pieces) => {
    for (let round = 0; round < 2; round++) {
      const bytes = buildWordStream(format, createSeededRandom(seed + round), 400).subarray(0, -1);
      expect(decodeAll(format, bytes, pieces), `seed ${seed + round}`).toStrictEqual(
        decodeAll(format, bytes),
      );
    }
  });

  it('keeps or drops events outside the geometry and counts them', () => {
    for (let round = 0; round < 4; round++) {
      const random = createSeededRandom(seed + round);
      const bytes = buildWordStream(format, random, 300);
      const geometry = { width: 1 + Math.floor(random() * 2048), height: 1 + Math.floor(random() * 2048) };
      const { events } = readByOracle(format, bytes);
      const inside = events.filter(({ x, y }) => x < geometry.width && y < geometry.height);
      const eventsOutside = events.length - inside.length;
      const kept = decodeAll(format, bytes, { events: 7 }, { geometry });
      expect(kept.events, `seed ${seed + round}`).toStrictEqual(events);
      expect(kept.counts).toMatchObject({ events: events.length, eventsOutside });
      const dropped = decodeAll(format, bytes, { events: 7 }, { geometry, dropOutside: true });
      expect(dropped.events).toStrictEqual(inside);
      expect(dropped.counts).toMatchObject({ events: inside.length, eventsOutside });
    }
  });

  it('lookBack() goes on exactly where the words before end when it has an answer', () => {
    const size = WORD_BYTES[format];
    let answers = 0;
    for (let round = 0; round < 40; round++) {
      const random = createSeededRandom(seed + round);
      const bytes = buildWordStream(format, random, 300);
      const cut = size * Math.floor(random() * 300);
      const start = Math.max(0, cut - size * Math.floor(random() * 200));
      const first = scriptDecoders.createDecoder(format, { polarity: 'unsigned' });
      feed(first, bytes.subarray(0, cut));
      const found = lookBack(format, bytes.subarray(start, cut), start === 0);
      if (start === 0) expect(found).toBeDefined();
      if (found === undefined) continue;
      answers++;
      expect(found).toStrictEqual({ ...first.state(), wraps: 0 });
      const second = decodeAll(format, bytes.subarray(cut), {}, { state: found });
      const added = BigInt(first.state().wraps * WRAP_MICROSECONDS[format]);
      const expected = feed(first, bytes.subarray(cut)).events;
      expect(second.events.map((event) => ({ ...event, t: event.t + added }))).toStrictEqual(expected);
    }
    expect(answers).toBeGreaterThan(8);
  });
});
