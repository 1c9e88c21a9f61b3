// Events of all kinds with awkward values, the same in every run.
import type { AnyRow, Field } from '../../../src/core/index.ts';
import { publishedKinds } from '../../../src/stream/published-kinds.ts';
import { streamTables } from '../../../src/stream/stream-contract.ts';
import type { StreamEvent, StreamTable } from '../../../src/stream/stream-contract.ts';
import { createRandom } from '../random.ts';

/** `count` events: a hello, records of all tables in runs, and gaps. */
export function sampleEvents(count: number, seed = 1): StreamEvent[] {
  const random = createRandom(seed);
  const first: StreamEvent = {
    type: 'hello',
    epoch: 'epoch-é',
    tables: ['memory', 'process'],
    anonymized: true,
    sequences: { memory: 12 },
    timestamps: { memory: 1_700_000_000_123 },
    repeats: { memory: 1 },
  };
  const rest = Array.from({ length: count - 1 }, (_, i): StreamEvent => {
    const table = streamTables[Math.floor(i / 7) % 3]!;
    if (i % 20 === 19) {
      return { type: 'gap', table, fromSequence: i, toSequence: i + 3, dropped: 2, reason: 'overflow' };
    }
    return { type: 'record', table, sequence: i * 1000, row: sampleRow(table, random) };
  });
  return [first, ...rest];
}

function sampleRow(table: StreamTable, random: () => number): AnyRow {
  const fields = publishedKinds[table].fields;
  return Object.fromEntries(fields.map((field) => [field.name, sampleValue(field, random)]));
}

function sampleValue({ name, type }: Field, random: () => number): AnyRow[string] {
  if (name !== 'timestamp' && random() < 0.1) return null;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const whole = (limit: number): number => Math.floor((random() * 2 - 1) * limit);
  switch (type) {
    case 'timestamp':
      return pick([0, 1, 999, 1000, -1, 1_700_000_000_000 + whole(1e9), 253_402_300_799_999]);
    case 'int64':
      return pick([
        0,
        127,
        128,
        255,
        65_536,
        -1,
        -32,
        -33,
        2 ** 53 - 1,
        1 - 2 ** 53,
        whole(2 ** 40),
        whole(1e6),
      ]);
    case 'int32':
      return pick([0, 2 ** 31 - 1, -(2 ** 31), whole(2 ** 31)]);
    case 'int8':
      return pick([0, 127, -128]);
    case 'uint64':
      return pick([0n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]);
    case 'float32':
      return Math.fround(pick([0, -0, 0.1, 12.5, 1e-30, 3.4e38, random() * 100]));
    case 'float64':
      return pick([0, -0, 0.1, 3, 1e21, 5e-324, 1.7e308, random() * 1e6, -random()]);
    case 'bool':
      return random() < 0.5;
    default:
      return pick(['', 'a', 'node', 'é "quoted" \\', '内存🐘', '\u0000\u001f\u2028', 'x'.repeat(300)]);
  }
}
