// The protobuf cursor over well-formed and hostile bytes.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { nextField, openCursor, openNested, stringOf, varintOf } from '../../../src/models/protobuf.ts';

it('nextField() walks the example of the protobuf encoding guide', () => {
  // From the guide: field 1 = 150; field 2 = "testing".
  const cursor = openCursor(
    Uint8Array.of(0x08, 0x96, 0x01, 0x12, 0x07, ...new TextEncoder().encode('testing')),
  );
  expect(nextField(cursor)).toBe(true);
  expect([cursor.field, varintOf(cursor)]).toEqual([1, 150]);
  expect(nextField(cursor)).toBe(true);
  expect([cursor.field, stringOf(cursor)]).toEqual([2, 'testing']);
  expect(nextField(cursor)).toBe(false);
});

it('openNested() stays inside the sub-message when more follows', () => {
  const cursor = openCursor(Uint8Array.of(0x0a, 0x02, 0x08, 0x05, 0x10, 0x07));
  nextField(cursor);
  const nested = openNested(cursor);
  expect(nextField(nested)).toBe(true);
  expect(varintOf(nested)).toBe(5);
  expect(nextField(nested)).toBe(false);
});

it.each([
  ['a length past the end', [0x0a, 0x05, 0x01]],
  ['a length of 2^63', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['an endless integer', [0x08, ...Array.from({ length: 12 }, () => 0xff)]],
  ['a cut integer', [0x08, 0x80]],
  ['field number 0', [0x00, 0x00]],
  ['a group', [0x0b, 0x0c]],
  ['a cut fixed64', [0x09, 1, 2, 3]],
])('nextField() refuses %s', (_, bytes) => {
  const cursor = openCursor(Uint8Array.from(bytes));
  expect(() => nextField(cursor)).toThrow(/not a protobuf/);
});

it('nextField() ends or refuses, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const cursor = openCursor(bytes);
      try {
        let last = 0;
        while (nextField(cursor)) {
          expect(cursor.at).toBeGreaterThan(last);
          last = cursor.at;
        }
        expect(cursor.at).toBe(bytes.length);
      } catch (error) {
        expect(isRuvectorError(error, 'ERR_MODEL_NOT_ONNX')).toBe(true);
      }
    }),
  );
});
