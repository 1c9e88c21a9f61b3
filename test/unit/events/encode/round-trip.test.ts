// Whatever an encoder writes, the oracle and the decoder read back exactly; what cannot come back is refused.
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../../src/core/index.ts';
import { createEncoder } from '../../../../src/events/encode/index.ts';
import type { WrittenFormat } from '../../../../src/events/encode/index.ts';
import { viewEvents } from '../../../../src/events/model/index.ts';
import type { EventColumns } from '../../../../src/events/model/index.ts';
import { decodeAll } from '../../../support/events/drive.ts';
import { readByOracle } from '../../../support/events/oracle.ts';
import type { OracleEvent } from '../../../support/events/oracle.ts';
import { buildRecording, buildTriggers } from '../../../support/events/recordings.ts';
import type { RecordingShape } from '../../../support/events/recordings.ts';

const seed = 14;
const rawFormats = ['evt2', 'evt21', 'evt21-legacy', 'evt3'] as const;
const formats: readonly WrittenFormat[] = [...rawFormats, 'dat'];

const listOf = (events: EventColumns): OracleEvent[] =>
  Array.from({ length: events.length }, (_, at) => ({
    t: events.t[at]!,
    x: events.x[at]!,
    y: events.y[at]!,
    p: events.p[at]!,
  }));

/** One event at each time. */
const at = (...times: (number | bigint)[]): EventColumns => ({
  t: BigInt64Array.from(times, BigInt),
  x: Uint16Array.from(times, (_, index) => index),
  y: Uint16Array.from(times, () => 5),
  p: Int8Array.from(times, () => 1),
  length: times.length,
});

const write = (format: WrittenFormat, ...batches: EventColumns[]): Uint8Array => {
  const encoder = createEncoder(format);
  return Buffer.concat([...batches.map((batch) => encoder.encode(batch)), encoder.finish()]);
};

const shapes: Record<string, RecordingShape> = {
  'a busy sensor': { count: 3000, largest: 1279, step: 3 },
  'a quiet sensor': { count: 500, largest: 2047, step: 100_000 },
  'a sensor in the dark': { count: 100, largest: 300, step: 40_000_000 },
  'a late start': { count: 500, largest: 639, step: 60, start: 2 ** 31 - 1000 },
  'times that go back': { count: 2000, largest: 639, step: 50, start: 1_000_000, back: 5000 },
};

describe.each(formats)('createEncoder() of %s', (format) => {
  it.each(Object.entries(shapes))('comes back exactly when it is %s', (_, shape) => {
    for (let round = 0; round < 4; round++) {
      const events = buildRecording(createSeededRandom(seed + round), shape);
      const cut = Math.floor(events.length / 3);
      const bytes = write(format, viewEvents(events, 0, cut), viewEvents(events, cut));
      expect(readByOracle(format, bytes).events, `seed ${seed + round}`).toStrictEqual(listOf(events));
      expect(decodeAll(format, bytes).events).toStrictEqual(listOf(events));
    }
  });

  it('gives the same bytes when the batches have one event each', () => {
    const events = buildRecording(createSeededRandom(seed), { count: 300, largest: 1279, step: 900 });
    const single = Array.from({ length: 300 }, (_, index) => viewEvents(events, index, index + 1));
    const bytes = write(format, ...single);
    expect(decodeAll(format, bytes).events).toStrictEqual(listOf(events));
  });

  it('refuses when x or y have no room', () => {
    const largest = format === 'dat' ? 0x3fff : 0x7ff;
    const events = at(1, 2, 2);
    events.x[2] = largest;
    expect(decodeAll(format, write(format, events)).events).toStrictEqual(listOf(events));
    events.x[2] = largest + 1;
    expect(() => write(format, at(0), events)).toThrow(
      `Cannot write event 3 as "${format}": x is ${largest + 1}, the largest is ${largest}; leave such events out, or write a format with more room`,
    );
    events.x[2] = 0;
    events.y[1] = 0xffff;
    expect(() => write(format, events)).toThrow(
      `event 1 as "${format}": y is 65535, the largest is ${largest}`,
    );
  });

  it('refuses when t is below 0 or beyond 2^53', () => {
    expect(() => write(format, at(0, -1))).toThrow(
      `Cannot write event 1 as "${format}": t is -1 µs; give times from 0 to 2^53 µs`,
    );
    expect(() => write(format, at(2n ** 53n))).toThrow('event 0');
    expect(() => write(format, at(-(2n ** 63n)))).toThrow('t is -9223372036854775808 µs');
  });

  it('refuses when t goes back so far that it reads as a wrap', () => {
    const far = {
      evt2: 2 ** 34 - 64,
      evt21: 2 ** 34 - 64,
      'evt21-legacy': 2 ** 34 - 64,
      evt3: 2 ** 23,
      dat: 2 ** 31,
    };
    const times = format === 'dat' ? [2 ** 30, 2 ** 31, 0] : [far[format], 0];
    expect(() => write(format, at(...times))).toThrow(/goes (back )?from .*reads as .*; sort the events/);
    // One step less is time going back, and comes back so.
    const near = format === 'dat' ? [2 ** 30, 2 ** 31 - 1, 0] : [far[format] / 2, 0];
    expect(decodeAll(format, write(format, at(...near))).events).toStrictEqual(listOf(at(...near)));
  });

  it('refuses when t goes back behind a wrap', () => {
    const turn = { evt2: 2 ** 34, evt21: 2 ** 34, 'evt21-legacy': 2 ** 34, evt3: 2 ** 24, dat: 2 ** 32 }[
      format
    ];
    const before = format === 'dat' ? [2 ** 31 - 1, 2 ** 32 - 2] : [turn - 1];
    expect(() => write(format, at(...before, turn + 10, turn - 1))).toThrow(/back|reads as/);
  });
});

describe.each(rawFormats)('createEncoder() of %s', (format) => {
  it('writes the turns of the clock when time goes far on', () => {
    const turn = format === 'evt3' ? 2 ** 24 : 2 ** 34;
    for (const first of [0, 5, turn - 1, turn, turn + 1, 3 * turn + 77]) {
      for (const gap of [1, 4095, turn / 2, turn - 1, turn, turn + 1, 5 * turn - 3, 7 * turn]) {
        const events = at(first, first, first + gap, first + gap + 1);
        expect(readByOracle(format, write(format, events)).events).toStrictEqual(listOf(events));
      }
    }
  });

  it('refuses when time goes on by more turns than are worth writing', () => {
    const turn = format === 'evt3' ? 2 ** 24 : 2 ** 34;
    const far = turn * (2 ** 18 + 2);
    expect(() => write(format, at(0, far))).toThrow(`t is ${far} µs ahead, more than 262144 turns`);
  });

  it('puts triggers where they belong when batches end anywhere', () => {
    const random = createSeededRandom(seed);
    const events = buildRecording(random, { count: 600, largest: 639, step: 200 });
    const triggers = buildTriggers(random, events, 40);
    const encoder = createEncoder(format);
    const bytes = Buffer.concat([
      encoder.encode(viewEvents(events, 0, 100), triggers),
      encoder.encode(viewEvents(events, 100)),
      encoder.finish(),
    ]);
    const reading = readByOracle(format, bytes);
    expect(reading.events).toStrictEqual(listOf(events));
    expect(reading.counts.timeReversals).toBe(0);
    expect(reading.triggers).toStrictEqual(
      Array.from(triggers.t, (t, index) => ({ t, id: triggers.id[index]!, value: triggers.value[index]! })),
    );
  });

  it('refuses when the id of a trigger has no room', () => {
    const triggers = { t: BigInt64Array.of(1n), id: Uint8Array.of(32), value: Uint8Array.of(1), length: 1 };
    expect(() => createEncoder(format).encode(at(5), triggers)).toThrow(
      'a trigger before it has t 1 µs and id 32',
    );
  });
});

describe('createEncoder() of dat', () => {
  it('writes triggers when the file is one of triggers, and refuses the other kind', () => {
    const triggers = {
      t: BigInt64Array.of(7n, 9n),
      id: Uint8Array.of(63, 0),
      value: Uint8Array.of(1, 0),
      length: 2,
    };
    const bytes = createEncoder('dat', { datKind: 'triggers' }).encode(at(), triggers);
    const dat = { kind: 'triggers', version: 2 } as const;
    expect(readByOracle('dat', bytes, dat).triggers).toStrictEqual([
      { t: 7n, id: 63, value: 1 },
      { t: 9n, id: 0, value: 0 },
    ]);
    expect(decodeAll('dat', bytes, {}, { dat }).triggers).toStrictEqual(
      readByOracle('dat', bytes, dat).triggers,
    );
    expect(() => createEncoder('dat').encode(at(1), triggers)).toThrow('the file holds events only');
    expect(() => createEncoder('dat', { datKind: 'triggers' }).encode(at(1))).toThrow(
      'the file holds triggers only',
    );
  });

  it('refuses when time goes on further than a reader can tell', () => {
    expect(() => write('dat', at(2 ** 32))).toThrow('t goes from 0 to 4294967296 µs, which reads as 0');
    expect(decodeAll('dat', write('dat', at(2 ** 31, 2 ** 32, 2 ** 32 + 5))).events).toStrictEqual(
      listOf(at(2 ** 31, 2 ** 32, 2 ** 32 + 5)),
    );
  });
});

describe('createEncoder() of evt3', () => {
  it('writes full vectors when a row is dense and single events when it is not', () => {
    const row = (...x: number[]): EventColumns => ({ ...at(...x.map(() => 3)), x: Uint16Array.from(x) });
    const words = (events: EventColumns): string[] =>
      Array.from(new Uint16Array(new Uint8Array(write('evt3', events)).buffer), (word) => word.toString(16));
    expect(words(row(64, 65, 66))).toStrictEqual(['8000', '6003', '5', '2840', '2841', '2842']);
    expect(words(row(64, 65, 66, 70, 95))).toStrictEqual([
      '8000',
      '6003',
      '5',
      '3840',
      '4047',
      '4000',
      '5080',
    ]);
    // The next 32 pixels need no base of their own.
    const longer = words(row(64, 65, 66, 70, 95, 96, 97, 98, 99));
    expect(longer.slice(7)).toStrictEqual(['400f', '4000', '5000']);
  });
});
