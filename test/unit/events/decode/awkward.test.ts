// The awkward cases of each format, as bytes made by hand and the events they are.
import { describe, expect, it } from 'vitest';
import { scriptDecoders } from '../../../../src/events/decode/index.ts';
import type { DecoderOptions } from '../../../../src/events/decode/index.ts';
import { createEventSlot, createTriggerSlot } from '../../../../src/events/model/index.ts';
import type { WordFormat } from '../../../../src/events/model/index.ts';
import { decodeAll } from '../../../support/events/drive.ts';
import type { Decoded } from '../../../support/events/drive.ts';

const u16 = (...words: number[]): Uint8Array => new Uint8Array(Uint16Array.from(words).buffer);
const u32 = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

/** [t, x, y, p] of each event. */
const eventsOf = ({ events }: Decoded): [number, number, number, number][] =>
  events.map(({ t, x, y, p }) => [Number(t), x, y, p]);

const timesOf = (decoded: Decoded): number[] => decoded.events.map(({ t }) => Number(t));

const decode = (format: WordFormat, bytes: Uint8Array, options?: DecoderOptions): Decoded =>
  decodeAll(format, bytes, {}, options);

// Words of EVT2.
const time = (high: number): number => 0x8000_0000 + high;
const cd = (type: number, low: number, x: number, y: number): number =>
  type * 2 ** 28 + low * 2 ** 22 + x * 2 ** 11 + y;

const MAX_HIGH = 2 ** 28 - 1;

describe('createDecoder() of evt2', () => {
  it('reads every field at its place when all bits are set', () => {
    const bytes = u32(time(MAX_HIGH), cd(0, 63, 2047, 2047), cd(1, 0, 0, 1), cd(1, 1, 1, 0));
    const t = MAX_HIGH * 64;
    expect(eventsOf(decode('evt2', bytes))).toStrictEqual([
      [t + 63, 2047, 2047, 0],
      [t, 0, 1, 1],
      [t + 1, 1, 0, 1],
    ]);
  });

  it('drops and counts when events stand before the first TIME_HIGH', () => {
    const { events, triggers, counts } = decode(
      'evt2',
      u32(cd(1, 1, 2, 3), cd(0xa, 1, 0, 1), cd(0, 5, 2, 3), time(1), cd(1, 1, 2, 3)),
    );
    expect(events).toHaveLength(1);
    expect(triggers).toHaveLength(0);
    expect(counts).toMatchObject({ eventsBeforeTime: 2, triggersBeforeTime: 1, events: 1, triggers: 0 });
    expect(decode('evt2', u32(cd(1, 1, 2, 3))).counts).toMatchObject({ eventsBeforeTime: 1, events: 0 });
  });

  it('reads triggers at bits 12:8 and 0 when the unused bits are set', () => {
    const word = (0xa << 28) | (7 << 22) | (0x1ff << 13) | (21 << 8) | (0x7f << 1);
    const { triggers } = decode('evt2', u32(time(2), word, word | 1));
    expect(triggers).toStrictEqual([
      { t: 135n, id: 21, value: 0 },
      { t: 135n, id: 21, value: 1 },
    ]);
  });

  it('counts triggers when nobody wants them', () => {
    const decoder = scriptDecoders.createDecoder('evt2');
    const bytes = u32(time(2), cd(0xa, 1, 0, 1), cd(0xa, 2, 0, 1));
    expect(decoder.decode(bytes, createEventSlot(1))).toBe(12);
    expect(decoder.finish().triggers).toBe(2);
  });

  it('skips IMU, OTHER and CONTINUED words and counts reserved ones', () => {
    const imu = [0xd012_3456, 0xf000_0001, 0xf800_0001, 0xf123_4567, 0xffff_ffff, 0xf000_0000];
    const other = [0xe001_0014, 0xf00f_ffff, 0xe000_0016, 0xf000_0000];
    const reserved = [2, 3, 4, 5, 6, 7, 9, 0xb, 0xc].map((type) => cd(type, 1, 2, 3));
    const { events, counts } = decode('evt2', u32(time(0), ...imu, ...other, ...reserved, cd(1, 0, 1, 1)));
    expect(events).toHaveLength(1);
    expect(counts).toMatchObject({ skippedWords: 10, reservedWords: 9 });
  });

  it.each([
    [MAX_HIGH, 0, true],
    [MAX_HIGH, 156, true],
    [MAX_HIGH - 156, 0, true],
    // 2^28 − 158 steps of 64 µs are less than (2^28 − 1) × 64 − 10,000 µs.
    [MAX_HIGH - 157, 0, false],
    [MAX_HIGH, 157, false],
    [MAX_HIGH, 158, false],
    [1000, 999, false],
    [MAX_HIGH, 2 ** 27, false],
  ])('takes TIME_HIGH from %i to %i for a wrap: %s', (from, to, isWrap) => {
    const decoded = decode('evt2', u32(time(from), cd(1, 3, 1, 1), time(to), cd(1, 4, 1, 1)));
    const turn = isWrap ? 2 ** 34 : 0;
    expect(timesOf(decoded)).toStrictEqual([from * 64 + 3, to * 64 + 4 + turn]);
    expect(decoded.counts).toMatchObject({ timeWraps: isWrap ? 1 : 0, timeReversals: isWrap ? 0 : 1 });
  });

  it('goes on counting when the clock wraps many times', () => {
    const turns = Array.from({ length: 40 }, () => [time(MAX_HIGH), time(0), cd(1, 0, 1, 1)]).flat();
    const expected = Array.from({ length: 40 }, (_, at) => (at + 1) * 2 ** 34);
    expect(timesOf(decode('evt2', u32(...turns)))).toStrictEqual(expected);
  });
});

describe.each([
  ['evt21', 0],
  ['evt21-legacy', 1],
] as const)('createDecoder() of %s', (format, isLegacy) => {
  /** Words of [upper, lower] halves. */
  const words = (...pairs: [number, number][]): Uint8Array =>
    u32(...pairs.flatMap(([upper, lower]) => (isLegacy === 1 ? [upper, lower] : [lower, upper])));

  it('gives an event for each bit, lowest first', () => {
    const bytes = words(
      [time(1), 0xffff_ffff],
      [cd(1, 5, 2016, 2047), 0x8000_0003],
      [cd(0, 6, 32, 0), 0],
      [cd(0, 7, 5, 1), 4],
    );
    expect(eventsOf(decode(format, bytes))).toStrictEqual([
      [69, 2016, 2047, 1],
      [69, 2017, 2047, 1],
      [69, 2047, 2047, 1],
      [71, 7, 1, 0],
    ]);
  });

  it.each([
    [MAX_HIGH, 0, true],
    [MAX_HIGH, 1, false],
    [MAX_HIGH - 1, 0, false],
  ])('takes TIME_HIGH from %i to %i for a wrap: %s', (from, to, isWrap) => {
    const decoded = decode(
      format,
      words([time(from), 0], [cd(1, 1, 0, 0), 1], [time(to), 0], [cd(1, 2, 0, 0), 1]),
    );
    expect(timesOf(decoded)).toStrictEqual([from * 64 + 1, to * 64 + 2 + (isWrap ? 2 ** 34 : 0)]);
  });

  it('reads triggers, skips what carries no event, and counts bits before the first time', () => {
    const trigger = (0xa << 28) | (7 << 22) | (21 << 8) | 1;
    const { events, triggers, counts } = decode(
      format,
      words(
        [cd(0, 1, 1, 1), 0xf0],
        [trigger, 0],
        [time(2), 0],
        [trigger, 0xffff_ffff],
        [cd(0xe, 1, 0, 0), 0xf000_0001],
        [cd(0xf, 0, 0, 0), 3],
        ...[2, 3, 4, 5, 6, 7, 9, 0xb, 0xc, 0xd].map((type): [number, number] => [cd(type, 1, 1, 1), 7]),
      ),
    );
    expect(events).toHaveLength(0);
    expect(triggers).toStrictEqual([{ t: 135n, id: 21, value: 1 }]);
    expect(counts).toMatchObject({
      eventsBeforeTime: 4,
      triggersBeforeTime: 1,
      skippedWords: 2,
      reservedWords: 10,
    });
  });

  it('says how many bytes are cut when the last word is incomplete', () => {
    for (let cut = 1; cut < 8; cut++) {
      const bytes = words([time(1), 0], [cd(1, 5, 0, 0), 1], [cd(1, 5, 0, 0), 1]).subarray(0, -cut);
      expect(decode(format, bytes).counts).toMatchObject({ events: 1, truncatedBytes: 8 - cut });
    }
  });
});

describe('createDecoder() of evt3', () => {
  const high = (value: number): number => 0x8000 + value;
  const low = (value: number): number => 0x6000 + value;
  const y = (value: number): number => value;
  const x = (p: number, value: number): number => 0x2000 + p * 0x800 + value;
  const base = (p: number, value: number): number => 0x3000 + p * 0x800 + value;
  const v12 = (mask: number): number => 0x4000 + mask;
  const v8 = (mask: number): number => 0x5000 + mask;
  const start = [high(1), low(2), y(3)];
  const T = 4098;

  it('gives single events when x comes, with the polarity beside it', () => {
    const bytes = u16(...start, x(0, 2047), x(1, 0), y(2047), x(1, 5), low(0xfff), x(0, 6));
    expect(eventsOf(decode('evt3', bytes))).toStrictEqual([
      [T, 2047, 3, 0],
      [T, 0, 3, 1],
      [T, 5, 2047, 1],
      [8191, 6, 2047, 0],
    ]);
  });

  it('leaves out bit 11 of the row when it names the other camera', () => {
    expect(eventsOf(decode('evt3', u16(...start, 0x800 + 7, x(1, 1))))).toStrictEqual([[T, 1, 7, 1]]);
  });

  it('moves the base by 12, 12 and 8 when vectors follow one another', () => {
    const bytes = u16(...start, base(1, 64), v12(0x801), v12(1), v8(0x81), v12(1), v8(0xf01));
    expect(eventsOf(decode('evt3', bytes)).map(([, column]) => column)).toStrictEqual([
      64, 75, 76, 88, 95, 96, 108,
    ]);
    expect(eventsOf(decode('evt3', bytes)).every(([, , row, p]) => row === 3 && p === 1)).toBe(true);
  });

  it('reads vectors word by word when a group is incomplete', () => {
    const bytes = u16(...start, base(0, 0), v12(1), high(2), low(1), v12(2), x(1, 9), v8(4), v12(8));
    expect(eventsOf(decode('evt3', bytes))).toStrictEqual([
      [T, 0, 3, 0],
      [8193, 13, 3, 0],
      [8193, 9, 3, 1],
      [8193, 26, 3, 0],
      [8193, 35, 3, 0],
    ]);
  });

  it('takes the polarity of vectors from the base, never from a single event', () => {
    const bytes = u16(...start, base(1, 0), x(0, 100), v12(1), base(0, 0), x(1, 100), v12(1));
    expect(eventsOf(decode('evt3', bytes)).map(([, column, , p]) => [column, p])).toStrictEqual([
      [100, 0],
      [0, 1],
      [100, 1],
      [0, 0],
    ]);
  });

  it('keeps the low bits when TIME_HIGH repeats, and clears them when it changes', () => {
    const bytes = u16(
      high(5),
      low(7),
      y(0),
      x(0, 1),
      high(5),
      x(0, 2),
      high(6),
      x(0, 3),
      low(1),
      high(6),
      x(0, 4),
    );
    expect(timesOf(decode('evt3', bytes))).toStrictEqual([
      5 * 4096 + 7,
      5 * 4096 + 7,
      6 * 4096,
      6 * 4096 + 1,
    ]);
  });

  it('lets time go back when TIME_LOW falls: it is no wrap', () => {
    const decoded = decode('evt3', u16(high(5), low(9), x(0, 1), low(3), x(0, 2), low(9), x(0, 3)));
    expect(timesOf(decoded)).toStrictEqual([20489, 20483, 20489]);
    expect(decoded.counts).toMatchObject({ timeWraps: 0, timeReversals: 0 });
  });

  it.each([
    [0xfff, 0, true],
    [0x800, 0, true],
    [0x900, 0x100, true],
    [0x7ff, 0, false],
    [0xfff, 0x800, false],
    [2, 1, false],
  ])('takes TIME_HIGH from %i to %i for a wrap: %s', (from, to, isWrap) => {
    const decoded = decode('evt3', u16(high(from), x(1, 1), high(to), low(5), x(1, 2)));
    expect(timesOf(decoded)).toStrictEqual([from * 4096, to * 4096 + 5 + (isWrap ? 2 ** 24 : 0)]);
    expect(decoded.counts).toMatchObject({ timeWraps: isWrap ? 1 : 0, timeReversals: isWrap ? 0 : 1 });
  });

  it('goes beyond 32 bits when the clock wraps more than 256 times', () => {
    const turns = Array.from({ length: 600 }, () => [high(0xfff), high(0), x(1, 1)]).flat();
    const expected = Array.from({ length: 600 }, (_, at) => (at + 1) * 2 ** 24);
    expect(timesOf(decode('evt3', u16(...turns)))).toStrictEqual(expected);
  });

  it('keeps rows and bases that stand before the first TIME_HIGH, but no events', () => {
    const bytes = u16(low(9), y(8), base(1, 32), v12(3), x(0, 1), 0xa101, high(1), x(0, 2), v8(1));
    const decoded = decode('evt3', bytes);
    expect(eventsOf(decoded)).toStrictEqual([
      [4096, 2, 8, 0],
      [4096, 44, 8, 1],
    ]);
    expect(decoded.counts).toMatchObject({ eventsBeforeTime: 3, triggersBeforeTime: 1 });
  });

  it('reads triggers at bits 11:8 and 0', () => {
    const { triggers } = decode('evt3', u16(high(1), low(4), 0xa000 | 0xffe, 0xa000 | 0x301));
    expect(triggers).toStrictEqual([
      { t: 4100n, id: 15, value: 0 },
      { t: 4100n, id: 3, value: 1 },
    ]);
  });

  it('skips what carries no event and counts padding and reserved words', () => {
    const skipped = [0xe014, 0xf123, 0xf456, 0x7007, 0xd001, 0xffff];
    const bytes = u16(...start, ...skipped, 0x9999, 0x9999, 0x9998, 0xb000, 0xcfff, 0x1005, x(1, 1));
    const decoded = decode('evt3', bytes);
    // Word type 1 changes no row.
    expect(eventsOf(decoded)).toStrictEqual([[T, 1, 3, 1]]);
    expect(decoded.counts).toMatchObject({ skippedWords: 6, paddingWords: 2, reservedWords: 4 });
  });

  it('gives columns beyond 2047 when vectors run over the edge, and counts them', () => {
    const geometry = { width: 2048, height: 4 };
    const decoded = decode('evt3', u16(...start, base(0, 2040), v12(0xfff)), { geometry });
    expect(eventsOf(decoded).at(-1)).toStrictEqual([T, 2051, 3, 0]);
    expect(decoded.counts).toMatchObject({ eventsOutside: 4, events: 12 });
  });

  it.each([1, 30, 31, 32, 33])('gives a full group whole when a slot holds %i events', (events) => {
    const bytes = u16(...start, base(0, 32), v12(0xfff), v12(0xfff), v8(0xff), x(1, 1));
    const columns = decodeAll('evt3', bytes, { events }).events.map((event) => event.x);
    expect(columns).toStrictEqual([...Array.from({ length: 32 }, (_, bit) => 32 + bit), 1]);
  });

  it('counts one byte when the last word is cut', () => {
    expect(decode('evt3', u16(...start, x(1, 1)).subarray(0, -1)).counts).toMatchObject({
      events: 0,
      truncatedBytes: 1,
    });
  });
});

describe('createDecoder() of evt4', () => {
  const high = (value: number): number => 0xe000_0000 + value;

  it('gives single events and vectors', () => {
    const bytes = u32(
      high(1),
      cd(0xa, 1, 5, 6),
      cd(0xb, 2, 2047, 2047),
      cd(0xc, 3, 32, 1),
      0x8000_0001,
      cd(0xd, 4, 0, 1),
      2,
    );
    expect(eventsOf(decode('evt4', bytes))).toStrictEqual([
      [65, 5, 6, 0],
      [66, 2047, 2047, 1],
      [67, 32, 1, 0],
      [67, 63, 1, 0],
      [68, 1, 1, 1],
    ]);
  });

  it('reads a mask as a mask when it looks like another word', () => {
    const masks = [high(77), 0xffff_ffff, cd(0xc, 1, 1, 1), cd(0x9, 0, 0, 1), cd(0xa, 0, 0, 0)];
    const bytes = u32(high(1), ...masks.flatMap((mask) => [cd(0xd, 0, 0, 9), mask]), cd(0xa, 0, 1, 2));
    const decoded = decode('evt4', bytes);
    const bits = masks.map((mask) => mask.toString(2).replaceAll('0', '').length);
    expect(decoded.events).toHaveLength(bits.reduce((sum, count) => sum + count, 1));
    expect(decoded.counts).toMatchObject({ triggers: 0, paddingWords: 0, timeReversals: 0 });
    expect(timesOf(decoded).at(-1)).toBe(64);
  });

  it('takes the mask with its vector also before the first TIME_HIGH', () => {
    const decoded = decode(
      'evt4',
      u32(cd(0xc, 0, 0, 0), high(9), cd(0xa, 1, 1, 1), high(1), cd(0xa, 1, 1, 1)),
    );
    expect(timesOf(decoded)).toStrictEqual([65]);
    expect(decoded.counts).toMatchObject({ eventsBeforeTime: 6 });
  });

  it.each([
    [2 ** 27, 0, true],
    [MAX_HIGH, 2 ** 27 - 1, true],
    [2 ** 27 - 1, 0, false],
    [MAX_HIGH, 2 ** 27, false],
  ])('takes TIME_HIGH from %i to %i for a wrap: %s', (from, to, isWrap) => {
    const decoded = decode('evt4', u32(high(from), cd(0xa, 1, 1, 1), high(to), cd(0xa, 2, 1, 1)));
    expect(timesOf(decoded)).toStrictEqual([from * 64 + 1, to * 64 + 2 + (isWrap ? 2 ** 34 : 0)]);
  });

  it('counts padding, reserved and skipped words, and a vector without its mask as cut', () => {
    const reserved = [0, 1, 2, 3, 4, 5, 8].map((type) => cd(type, 1, 1, 1));
    const trigger = (0x9 << 28) | (7 << 22) | (21 << 8) | (0x7f << 1) | 1;
    const bytes = u32(
      high(2),
      0xffff_ffff,
      0xf000_0000,
      ...reserved,
      cd(6, 0, 0, 20),
      cd(7, 0, 0, 1),
      trigger,
      cd(0xc, 1, 1, 1),
    );
    const { triggers, counts } = decode('evt4', bytes);
    expect(triggers).toStrictEqual([{ t: 135n, id: 21, value: 1 }]);
    expect(counts).toMatchObject({ paddingWords: 1, reservedWords: 8, skippedWords: 2, truncatedBytes: 4 });
    const more = decode('evt4', Buffer.concat([bytes, Uint8Array.of(1, 0, 0)]));
    expect(more.counts).toMatchObject({ truncatedBytes: 7, events: 0 });
  });
});

describe('createDecoder() of dat', () => {
  const place = (x: number, y: number, p: number): number => p * 2 ** 28 + y * 2 ** 14 + x;

  it('reads both versions at their bits', () => {
    const bytes = u32(5, place(0x3fff, 0x3fff, 1), 0xffff_ffff, place(1, 2, 0));
    expect(eventsOf(decode('dat', bytes))).toStrictEqual([
      [5, 0x3fff, 0x3fff, 1],
      [2 ** 32 - 1, 1, 2, 0],
    ]);
    const old = u32(7, (1 << 17) | (0xff << 9) | 0x1ff, 8, 0xfffc_0000 | (3 << 9) | 4);
    expect(eventsOf(decode('dat', old, { dat: { kind: 'events', version: 1 } }))).toStrictEqual([
      [7, 511, 255, 1],
      [8, 4, 3, 0],
    ]);
  });

  it('takes any polarity but 0 for ON', () => {
    const bytes = u32(...[0, 1, 2, 8, 15].flatMap((p) => [1, place(1, 1, p)]));
    expect(eventsOf(decode('dat', bytes)).map(([, , , p]) => p)).toStrictEqual([0, 1, 1, 1, 1]);
  });

  it.each([
    [2 ** 32 - 1, 0, true],
    [2 ** 31, 0, true],
    [2 ** 31 - 1, 0, false],
    [100, 99, false],
  ])('takes t from %i to %i for a wrap: %s', (from, to, isWrap) => {
    const decoded = decode('dat', u32(from, 0, to, 0));
    expect(timesOf(decoded)).toStrictEqual([from, to + (isWrap ? 2 ** 32 : 0)]);
    expect(decoded.counts).toMatchObject({ timeWraps: isWrap ? 1 : 0, timeReversals: isWrap ? 0 : 1 });
  });

  it('reads triggers when the header says so', () => {
    const dat = { kind: 'triggers', version: 2 } as const;
    const { triggers, counts } = decode('dat', u32(9, (63 << 26) | 1, 10, 0), { dat });
    expect(triggers).toStrictEqual([
      { t: 9n, id: 63, value: 1 },
      { t: 10n, id: 0, value: 0 },
    ]);
    expect(counts).toMatchObject({ triggers: 2, events: 0 });
  });
});

describe('createDecoder()', () => {
  const bytes = u32(time(1), cd(0, 1, 9, 5), cd(1, 2, 10, 5), cd(1, 3, 9, 6), cd(0, 4, 3, 3));
  const geometry = { width: 10, height: 6 };

  it.each([
    ['signed', [-1, 1, 1, -1]],
    ['unsigned', [0, 1, 1, 0]],
    ['native', [0, 1, 1, 0]],
    [undefined, [-1, 1, 1, -1]],
  ] as const)('gives polarity as asked when it is %s', (polarity, expected) => {
    const options = polarity === undefined ? {} : { polarity };
    const slot = createEventSlot(10);
    scriptDecoders.createDecoder('evt2', options).decode(bytes, slot);
    expect([...slot.p.subarray(0, slot.length)]).toStrictEqual(expected);
  });

  it('keeps and counts events outside the geometry, and drops them when asked', () => {
    const kept = decode('evt2', bytes, { geometry });
    expect(kept.counts).toMatchObject({ events: 4, eventsOutside: 2 });
    const dropped = decode('evt2', bytes, { geometry, dropOutside: true });
    expect(dropped.counts).toMatchObject({ events: 2, eventsOutside: 2 });
    expect(eventsOf(dropped).map(([, x]) => x)).toStrictEqual([9, 3]);
  });

  it('stops at the word that finds its slot full, and goes on there', () => {
    const trigger = cd(0xa, 1, 0, 1);
    const rest = u32(time(1), trigger, cd(1, 1, 1, 1), trigger, cd(1, 2, 1, 1));
    const [events, triggers] = [createEventSlot(1), createTriggerSlot(1)];
    const decoder = scriptDecoders.createDecoder('evt2');
    expect(decoder.decode(rest, events, triggers)).toBe(12);
    expect(decoder.decode(rest.subarray(12), events, triggers)).toBe(0);
    events.length = 0;
    // There is room for the event behind the trigger, but not for the trigger.
    expect(decoder.decode(rest.subarray(12), events, triggers)).toBe(0);
    triggers.length = 0;
    expect(decoder.decode(rest.subarray(12), events, triggers)).toBe(8);
    expect(decoder.finish()).toMatchObject({ events: 2, triggers: 2 });
  });

  it('needs no bytes: an empty file has no events', () => {
    for (const format of ['evt2', 'evt21', 'evt3', 'evt4', 'dat'] as const) {
      expect(decode(format, new Uint8Array(0))).toMatchObject({
        events: [],
        counts: { events: 0, truncatedBytes: 0 },
      });
    }
  });
});
