import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeThrift, encodeThrift } from '../../../src/export/thrift-compact.ts';
import type { ThriftStruct, ThriftValue } from '../../../src/export/thrift-compact.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const leaf = fc.oneof(
  fc.boolean().map((value) => ({ type: value ? 1 : 2, value })),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 3, value })),
  fc.bigInt({ min: -32_768n, max: 32_767n }).map((value) => ({ type: 4, value })),
  fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }).map((value) => ({ type: 5, value })),
  int64.map((value) => ({ type: 6, value })),
  fc.double().map((value) => ({ type: 7, value })),
  fc.uint8Array({ maxLength: 200 }).map((value) => ({ type: 8, value })),
);
type Typed = { readonly type: number; readonly value: ThriftValue };

const { struct } = fc.letrec<{ struct: ThriftStruct; value: Typed }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf as fc.Arbitrary<Typed>,
    tie('struct').map((value) => ({ type: 12, value })),
    fc.array(tie('struct'), { maxLength: 20 }).map((items) => ({ type: 9, value: { type: 12, items } })),
    fc.array(int64, { maxLength: 20 }).map((items) => ({ type: 10, value: { type: 6, items } })),
    fc.array(fc.boolean(), { maxLength: 20 }).map((items) => ({ type: 9, value: { type: 1, items } })),
  ),
  struct: fc
    .uniqueArray(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 6 })
    .chain((ids) => fc.tuple(...ids.map((id) => tie('value').map((typed) => ({ id, ...typed }))))),
}));

describe('decodeThrift()', () => {
  it('gives back what encodeThrift() was given, whatever its fields', () => {
    fc.assert(
      fc.property(struct, (tree) => {
        expect(decodeThrift(encodeThrift(tree))).toEqual(tree);
      }),
    );
  });

  it('throws a RangeError when bytes end early', () => {
    const whole = encodeThrift([{ id: 1, type: 8, value: new Uint8Array(40) }]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeThrift(whole.subarray(0, length))).toThrow(RangeError);
    }
  });

  it('throws a TypeError for a type that Parquet does not use', () => {
    expect(() => decodeThrift(Uint8Array.of(0x1b, 0))).toThrow(TypeError);
  });
});
