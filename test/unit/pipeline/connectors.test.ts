// What connectors are made of: columns that grow, rows as columns, text for PostgreSQL, arrivals in a queue.
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { createArrivalQueue } from '../../../src/pipeline/connectors/arrival-queue.ts';
import {
  BitColumn,
  BytesColumn,
  FixedColumn,
  ListColumn,
} from '../../../src/pipeline/connectors/column-builder.ts';
import { buildPostgresDdl, createRowText } from '../../../src/pipeline/connectors/postgres-text.ts';
import {
  createRowColumns,
  inferColumns,
  parseRowColumns,
} from '../../../src/pipeline/connectors/row-columns.ts';
import { batchOf } from '../../support/pipeline/batches.ts';
import { createRandom } from '../../support/random.ts';

describe('createColumnBuilder()', () => {
  it('keep every value and null through growth and from one batch to the next', () => {
    const random = createRandom(7);
    const numbers = new FixedColumn(new arrow.Float64());
    const bits = new BitColumn();
    const texts = new BytesColumn(new arrow.Utf8());
    const lists = new ListColumn(new FixedColumn(new arrow.Int32()));
    for (const rows of [3000, 1, 5000]) {
      const wanted = Array.from({ length: rows }, () => (random() < 0.2 ? null : Math.floor(random() * 1e6)));
      for (const value of wanted) {
        if (value === null) for (const column of [numbers, bits, texts, lists]) column.pushNull();
        else {
          numbers.push(value);
          bits.push(value % 2 === 1);
          texts.pushText(`ü${value}`);
          for (let i = 0; i < value % 3; i++) (lists.items as FixedColumn).push(value);
          lists.close();
        }
      }
      const read = (data: arrow.Data): unknown[] =>
        Array.from(arrow.makeVector(data), (value: unknown) =>
          value instanceof arrow.Vector ? [...value] : value,
        );
      expect(read(numbers.finish())).toEqual(wanted);
      expect(read(bits.finish())).toEqual(wanted.map((value) => value && value % 2 === 1));
      expect(read(texts.finish())).toEqual(wanted.map((value) => (value === null ? null : `ü${value}`)));
      expect(read(lists.finish())).toEqual(
        wanted.map((value) => (value === null ? null : Array.from({ length: value % 3 }, () => value))),
      );
    }
  });
});

describe('createRowColumns()', () => {
  it.each([
    ['int32', 2 ** 31],
    ['int64', 0.5],
    ['bool', 'yes'],
    ['timestamp', '31.1.2026'],
    ['float64', 'x'],
    ['binary', 'x'],
  ])('refuses for %s the value %s', (type, value) => {
    const rows = createRowColumns('a test', parseRowColumns([`c:${type}`]));
    rows.push([null]);
    expect(() => rows.push([value])).toThrow(
      expect.objectContaining({
        code: 'ERR_PIPELINE_SOURCE_VALUE',
        details: { column: 'c', row: 2, type },
      }) as Error,
    );
  });

  it('types columns by their values, text where they differ or lack', () => {
    const columns = parseRowColumns(['a', 'b', 'c', 'd', 'e:int32']);
    const rows = [
      [1n, 1, null, 'x', 1],
      [0.5, null, null, 2, 2],
    ];
    expect(inferColumns(columns, rows).map(({ type }) => type)).toEqual([
      'float64',
      'float64',
      'text',
      'text',
      'int32',
    ]);
    expect(() => parseRowColumns(['a:integer'])).toThrow('write one of float64');
  });
});

describe('createRowText()', () => {
  it('writes what COPY reads: escapes, nulls, arrays, bytes and far times', () => {
    const us = (year: number): bigint =>
      BigInt(Date.UTC(2000, 0, 1) - 0) * 1000n +
      BigInt(Math.round((year - 2000) * 365.2425)) * 86_400_000_000n;
    const times = arrow.makeVector(
      arrow.makeData({
        type: new arrow.TimestampMicrosecond('UTC'),
        data: BigInt64Array.from([1n, us(12_000), us(-10)]),
      }),
    );
    const batch = batchOf({
      s: arrow.vectorFromArray(['a\\b\tc\nd\re', null, '']),
      l: arrow.vectorFromArray(
        [['x"\\', null], [], null],
        new arrow.List(new arrow.Field('item', new arrow.Utf8(), true)),
      ),
      x: arrow.vectorFromArray([new Uint8Array([255, 0]), null, new Uint8Array()], new arrow.Binary()),
      t: times,
    });
    const write = createRowText(batch);
    expect(write(0)).toBe(
      String.raw`a\\b\tc\nd\re` +
        '\t' +
        String.raw`{"x\\"\\\\",NULL}` +
        '\t' +
        String.raw`\\xff00` +
        '\t1970-01-01 00:00:00.000001+00\n',
    );
    expect(write(1)).toMatch(/^\\N\t\{\}\t\\N\t1\d{4}-\d\d-\d\d 00:00:00\.000000\+00\n$/);
    expect(write(2)).toMatch(/^\t\\N\t\\\\x\t00\d\d-\d\d-\d\d 00:00:00\.000000\+00 BC\n$/);
  });
});

describe('buildPostgresDdl()', () => {
  it('gives each column the type that holds all its values', () => {
    const types = {
      a: new arrow.Uint8(),
      b: new arrow.Uint32(),
      c: new arrow.Uint64(),
      d: new arrow.Float16(),
      e: new arrow.DateMillisecond(),
      f: new arrow.TimestampSecond(),
    };
    const schema = new arrow.Schema(Object.entries(types).map(([name, type]) => new arrow.Field(name, type)));
    expect(buildPostgresDdl('"t"', schema)).toBe(
      'CREATE TABLE IF NOT EXISTS "t" ("a" smallint, "b" bigint, "c" numeric(20), "d" real, "e" date, "f" timestamp)',
    );
  });
});

describe('createArrivalQueue()', () => {
  const { signal } = new AbortController();

  it('says when it is full and when half of it is read', async () => {
    const told: boolean[] = [];
    const queue = createArrivalQueue<string>(10, (isFull) => told.push(isFull));
    queue.push('a', 6);
    queue.push('b', 6);
    const room = queue.room();
    expect(told).toEqual([true]);
    await queue.take(signal);
    expect(told).toEqual([true]);
    await queue.take(signal);
    expect(told).toEqual([true, false]);
    await room;
  });

  it('gives what waits before it ends, and what it ended with each time', async () => {
    const queue = createArrivalQueue<string>(10);
    queue.push('a', 1);
    queue.end(new Error('lost'));
    expect(await queue.take(signal)).toBe('a');
    await expect(queue.take(signal)).rejects.toThrow('lost');
    await expect(queue.take(signal)).rejects.toThrow('lost');
    await queue.room();
  });

  it('gives undefined when nothing came in time, and the reason of an abort', async () => {
    const queue = createArrivalQueue<string>(10);
    expect(await queue.take(signal, 0)).toBeUndefined();
    const controller = new AbortController();
    const taking = queue.take(controller.signal);
    controller.abort(new Error('enough'));
    await expect(taking).rejects.toThrow('enough');
  });
});
