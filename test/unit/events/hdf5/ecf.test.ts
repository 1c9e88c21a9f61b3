// Prophesee's chunks: all three ways of storing, every length, and bytes that nobody wrote.
import { describe, expect, it } from 'vitest';
import { EcfDecoder } from '../../../../src/events/hdf5/ecf/decode-ecf.ts';
import { EcfEncoder } from '../../../../src/events/hdf5/ecf/encode-ecf.ts';
import type { EcfInput } from '../../../../src/events/hdf5/ecf/encode-ecf.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';

type Kind = 'scattered' | 'rows' | 'runs';

function eventsOf(kind: Kind, count: number, random: () => number): EcfInput {
  const events = {
    t: new BigInt64Array(count),
    x: new Uint16Array(count),
    y: new Uint16Array(count),
    p: new Uint8Array(count),
  };
  let time = BigInt(Math.floor(random() * 2 ** 45));
  let [row, column] = [0, 0];
  for (let i = 0; i < count; i++) {
    const gap = random();
    time += BigInt(
      Math.floor(
        gap < 0.5 ? 0 : gap < 0.9 ? random() * 14 : gap < 0.99 ? random() * 5000 : random() * 2 ** 40,
      ),
    );
    if (kind === 'scattered' || random() < 0.1) [row, column] = [Math.floor(random() * 2048), 0];
    column =
      kind === 'runs' ? Math.min(2047, column + 1 + Math.floor(random() * 2)) : Math.floor(random() * 2048);
    events.t[i] = time;
    events.x[i] = column;
    events.y[i] = row;
    events.p[i] = random() < (kind === 'runs' ? 0.001 : 0.5) ? 1 : 0;
  }
  return events;
}

function decodeAll(bytes: Uint8Array): unknown {
  const { count, tWords, x, y, p } = new EcfDecoder('test').decode(bytes, 0);
  return {
    t: new BigInt64Array(tWords.buffer, 0, count),
    x: x.subarray(0, count),
    y: y.subarray(0, count),
    p: p.subarray(0, count),
  };
}

describe('ECF', () => {
  it.each([
    ['scattered', 2],
    ['rows', 1],
    ['runs', 0],
  ] as const)('EcfDecoder gives back what EcfEncoder stored when events are %s', (kind, mode) => {
    const random = createPrintedRandom(`ECF of ${kind} events`);
    for (const count of [1, 2, 3, 4, 5, 15, 16, 17, 1000, 16_384, 65_535]) {
      const events = eventsOf(kind, count, random);
      const bytes = new EcfEncoder().encode(events);
      if (count >= 1000) expect(bytes[0]! & 3).toBe(mode);
      expect(decodeAll(bytes), `${count} ${kind}`).toEqual(events);
    }
  });

  it('EcfEncoder stores runs of equal times, rows and polarities with a count of 16 bits', () => {
    const count = 5000;
    const events = {
      t: new BigInt64Array(count).fill(77n),
      x: Uint16Array.from({ length: count }, (_, i) => i % 2048),
      y: new Uint16Array(count).fill(3),
      p: new Uint8Array(count).fill(1),
    };
    const bytes = new EcfEncoder().encode(events);
    // Head and time 12 + 3, rows 4, one mask for six neighbours, polarities 3.
    expect(bytes.length).toBe(15 + 4 + 2 * Math.ceil(2048 / 6) * 2 + 2 * Math.ceil(904 / 6) + 3);
    expect(decodeAll(bytes)).toEqual(events);
  });

  it('EcfDecoder reads the published layout of each part', () => {
    // Two events: t 1000 and 1017 (a step of 17 in digits 1, 1, then a step of 0), y 5 twice, x 7 and 9 (mask 01000), p 1.
    const bytes = Buffer.from('08000000e80300000000000001f1f101a200e80082', 'hex');
    expect(decodeAll(bytes)).toEqual({
      t: BigInt64Array.of(1000n, 1017n),
      x: Uint16Array.of(7, 9),
      y: Uint16Array.of(5, 5),
      p: Uint8Array.of(1, 1),
    });
  });

  it('EcfDecoder names the byte when a chunk ends early', () => {
    const bytes = new EcfEncoder().encode(eventsOf('rows', 100, createRandom(1)));
    expect(() => new EcfDecoder('test').decode(bytes.subarray(0, 60), 1000)).toThrow(
      expect.objectContaining({ code: 'ERR_EVENTS_DATA', details: { byte: expect.any(Number) } }) as Error,
    );
    expect(() => new EcfDecoder('test').decode(Buffer.alloc(5), 1000)).toThrow('byte 1000');
    expect(() => new EcfDecoder('test').decode(Buffer.from('00000400' + '00'.repeat(20), 'hex'), 0)).toThrow(
      'claims 65536',
    );
  });

  it('EcfDecoder ends with events or a typed error when bytes are changed at random', () => {
    const random = createRandom(5);
    const decoder = new EcfDecoder('test');
    for (const kind of ['scattered', 'rows', 'runs'] as const) {
      const bytes = new EcfEncoder().encode(eventsOf(kind, 300, random)).slice();
      for (let i = 0; i < 3000; i++) {
        const changed = bytes.slice(0, i % 7 === 0 ? Math.floor(random() * bytes.length) : bytes.length);
        for (let j = 0; j <= i % 3; j++)
          changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
        try {
          expect(decoder.decode(changed, 0).count).toBeLessThanOrEqual(65_535);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_EVENTS_DATA' });
        }
      }
    }
  });
});
