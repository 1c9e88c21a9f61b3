// Text that is written is read back as it was.
import { describe, expect, it } from 'vitest';
import { TextEventDecoder, TextEventEncoder } from '../../../../src/events/text/index.ts';
import type { TextWriteOptions } from '../../../../src/events/text/index.ts';
import { decodeFed, slotOf } from '../../../support/events/drain-source.ts';
import type { EventRow } from '../../../support/events/drain-source.ts';

const rows: EventRow[] = [
  [0, 0, 0, 1],
  [1, 65535, 7, 0],
  [999_999, 10, 100, 1],
  [1_468_939_808_234_567, 346, 260, 0],
  [-1, 1, 1, 1],
  [2n ** 63n - 1n, 2, 2, 0],
  [-(2n ** 63n), 3, 3, 1],
];

const write = (options: TextWriteOptions, events = rows): Buffer => {
  const encoder = new TextEventEncoder(options);
  return Buffer.concat([encoder.preamble(), encoder.encode(slotOf(events))]);
};

const big = (events: readonly EventRow[]): unknown => events.map(([t, x, y, p]) => [BigInt(t), x, y, p]);

describe('TextEventEncoder', () => {
  it.each([
    {},
    { timeUnit: 's' },
    { timeUnit: 'ms', separator: ',' },
    { columns: ['x', 'y', 'p', 't'], separator: '\t' },
    { columns: ['p', 't', '-', 'y', 'x'], separator: ';', geometry: { width: 1280, height: 720 } },
  ] as TextWriteOptions[])(
    'encode() writes what the decoder reads back without being told: %j',
    (options) => {
      const decoder = new TextEventDecoder();
      expect(decodeFed(decoder, write(options))).toEqual(big(rows));
      expect(decoder.geometry).toEqual(options.geometry ?? null);
    },
  );

  it("encode() writes Prophesee's CSV when columns, commas and unit are its", () => {
    const options: TextWriteOptions = {
      columns: ['x', 'y', 'p', 't'],
      separator: ',',
      geometry: { width: 640, height: 480 },
    };
    expect(write(options, [[5, 1, 2, 1]]).toString()).toBe('%geometry:640,480\n1,2,1,5\n');
  });

  it('encode() writes decimals of seconds digit by digit', () => {
    const text = write({ timeUnit: 's', preamble: false }, rows.slice(0, 5)).toString();
    expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual([
      '0.000000',
      '0.000001',
      '0.999999',
      '1468939808.234567',
      '-0.000001',
      '',
    ]);
  });

  it('encode() keeps nanoseconds when times come in them', () => {
    const bytes = write({ resolution: 'ns', timeUnit: 's' }, [[1_000_000_001, 1, 2, 1]]);
    expect(bytes.toString()).toContain('1.000000001 1 2 1');
    expect(decodeFed(new TextEventDecoder({ resolution: 'ns' }), bytes)).toEqual([[1_000_000_001n, 1, 2, 1]]);
  });

  it('encode() writes signs of polarities as they come', () => {
    expect(write({ preamble: false }, [[1, 2, 3, -1]]).toString()).toBe('1 2 3 -1\n');
  });

  it('refuses columns that name no event', () => {
    expect(() => new TextEventEncoder({ columns: ['t', 'x', 'y'] })).toThrow('needed once each');
    expect(() => new TextEventEncoder({ columns: ['t', 'x', 'y', 'p', 'p'] })).toThrow('needed once each');
  });
});
