// AEDAT4 as other writers write it: compressions, streams, triggers, files that end early.
import { describe, expect, it } from 'vitest';
import { Aedat4Decoder, openAedat4Source } from '../../../../src/events/aedat4/index.ts';
import { buildAedat4, xmlOf } from '../../../support/events/build-aedat4.ts';
import { decodeFed, drainSource, feedOf } from '../../../support/events/drain-source.ts';
import type { EventRow } from '../../../support/events/drain-source.ts';
import { createRandom } from '../../../support/random.ts';

const t0 = 1_600_000_000_000_000;
const rows: EventRow[] = Array.from({ length: 50 }, (_, i) => [t0 + 7 * i, i, 2 * i, i % 2]);
const big = (events: readonly EventRow[], off = -1): unknown =>
  events.map(([t, x, y, p]) => [BigInt(t), x, y, p > 0 ? 1 : off]);

const packets = [
  { stream: 0, events: rows.slice(0, 20) },
  { stream: 1, other: 'FRME' },
  { stream: 2, other: 'IMUS' },
  { stream: 0, events: [] },
  {
    stream: 3,
    triggers: [
      [t0 + 1, 1],
      [t0 + 2, 2],
      [t0 + 3, 7],
      [t0 + 4, 1],
    ] as const,
  },
  { stream: 0, events: rows.slice(20) },
];

const failureOf = (bytes: Uint8Array): unknown => {
  try {
    return decodeFed(new Aedat4Decoder(), bytes);
  } catch (error) {
    return error;
  }
};

describe('Aedat4Decoder', () => {
  it.each(['none', 'lz4', 'zstd', 'zstd without size'] as const)(
    'decode() gives events and triggers in any cut when packets are compressed with %s',
    async (compression) => {
      const bytes = await buildAedat4({ packets, compression });
      for (const pieceBytes of [1, 5, 100, bytes.length]) {
        for (const capacity of [1, 3, 1000]) {
          const source = await openAedat4Source(feedOf(bytes, pieceBytes));
          expect(source.geometry).toEqual({ width: 346, height: 260 });
          const { rows: read, triggers } = await drainSource(source, capacity);
          expect(read).toEqual(big(rows));
          expect(triggers).toEqual([
            [BigInt(t0 + 1), 0, 1],
            [BigInt(t0 + 2), 0, 0],
            [BigInt(t0 + 4), 0, 1],
          ]);
          expect(source.counts).toMatchObject({
            events: 50,
            triggers: 3,
            skippedWords: 3,
            truncatedBytes: 0,
          });
        }
      }
    },
  );

  it('decode() gives the polarity that is asked for and nanoseconds where they are', async () => {
    const bytes = await buildAedat4({ packets: [packets[0]!] });
    const decoder = new Aedat4Decoder({ polarity: 'unsigned', resolution: 'ns' });
    expect(decodeFed(decoder, bytes)[1]).toEqual([BigInt(t0 + 7) * 1000n, 1, 2, 1]);
  });

  it('decode() reads a file whose writer did not finish, and says so', async () => {
    const bytes = await buildAedat4({ packets, table: false });
    const decoder = new Aedat4Decoder();
    expect(decodeFed(decoder, bytes)).toEqual(big(rows));
    expect(decoder.notes.join()).toContain('did not finish');
  });

  it('decode() gives whole packets and counts the bytes of a cut one', async () => {
    const bytes = await buildAedat4({ packets, table: false });
    const decoder = new Aedat4Decoder();
    expect(decodeFed(decoder, bytes.subarray(0, -100))).toEqual(big(rows.slice(0, 20)));
    expect(decoder.counts.truncatedBytes).toBeGreaterThan(100);
  });

  it('decode() reads the first stream of events, or the one that is named, and says what it leaves out', async () => {
    const other: EventRow[] = [[t0, 9, 9, 1]];
    const plan = { packets: [{ stream: 4, events: other }, ...packets], xml: xmlOf([0, 4]) };
    const bytes = await buildAedat4(plan);
    const first = new Aedat4Decoder();
    expect(decodeFed(first, bytes)).toEqual(big(rows));
    expect(first.notes.join()).toContain('those of 4 are not');
    expect(first.header).toMatchObject({ source: 'A & B', streams: '0:EVTS 4:EVTS' });
    expect(decodeFed(new Aedat4Decoder({ stream: 4 }), bytes)).toEqual(big(other));
  });

  it('decode() reads events of a file whose XML says nothing', async () => {
    const decoder = new Aedat4Decoder();
    expect(decodeFed(decoder, await buildAedat4({ packets, xml: '' }))).toEqual(big(rows));
    expect(decoder.geometry).toBeNull();
  });

  it('decode() counts events outside the geometry and drops them when asked', async () => {
    const bytes = await buildAedat4({ packets, xml: xmlOf([0], 10, 10) });
    const kept = new Aedat4Decoder();
    expect(decodeFed(kept, bytes)).toHaveLength(50);
    expect(kept.counts.eventsOutside).toBe(45);
    expect(decodeFed(new Aedat4Decoder({ dropOutside: true }), bytes)).toHaveLength(5);
  });

  it('decode() names the byte when the file is another or ends in its header', async () => {
    const bytes = await buildAedat4({ packets });
    expect(failureOf(Buffer.from('#!AER-DAT2.0\r\n'))).toMatchObject({
      code: 'ERR_EVENTS_FORMAT',
      details: { byte: 9 },
    });
    expect(failureOf(bytes.subarray(0, 40))).toMatchObject({
      code: 'ERR_EVENTS_FORMAT',
      details: { byte: 40 },
    });
  });

  it('decode() names the byte when a packet claims what cannot be', async () => {
    const bytes = await buildAedat4({ packets: [{ stream: 0, events: [[t0, -1, 2, 1]] }] });
    expect(failureOf(bytes)).toMatchObject({
      code: 'ERR_EVENTS_DATA',
      details: { byte: expect.any(Number) },
    });
  });

  it.each(['none', 'lz4', 'zstd'] as const)(
    'decode() ends with events or a typed error when bytes of a file with %s are changed at random',
    async (compression) => {
      const bytes = await buildAedat4({ packets, compression });
      const random = createRandom(11);
      let refused = 0;
      for (let i = 0; i < 800; i++) {
        const changed = Buffer.from(bytes);
        for (let j = 0; j <= i % 3; j++)
          changed[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        const cut = i % 5 === 0 ? changed.subarray(0, Math.floor(random() * bytes.length)) : changed;
        try {
          decodeFed(new Aedat4Decoder(), cut, 997, 64);
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_EVENTS_/) });
          expect(error).toHaveProperty('details.byte');
        }
      }
      expect(refused).toBeGreaterThan(50);
    },
  );
});
