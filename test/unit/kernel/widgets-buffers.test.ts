import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putBuffers, removeBuffers } from '../../../kernel/runtime/widgets/widgets-buffers.ts';

/** States with binary values anywhere; undefined is no JSON. */
const states = fc.dictionary(
  fc.string(),
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.uint8Array(),
      fc.integer(),
      fc.string(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value,
);

describe('removeBuffers()', () => {
  it('leaves JSON that putBuffers() makes the state of again', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { state: json, bufferPaths, buffers } = removeBuffers(state);
        const travelled = JSON.parse(JSON.stringify(json)) as Record<string, unknown>;
        const back = putBuffers(travelled, JSON.parse(JSON.stringify(bufferPaths)) as [], buffers);
        expect(back).toEqual(structuredClone(state));
      }),
    );
  });

  it('sends the bytes of a view only, as they are now', () => {
    const all = Float64Array.of(1, 2, 3);
    const { buffers } = removeBuffers({ view: all.subarray(1, 2), whole: all.buffer });
    all.fill(0);
    expect([...new Float64Array(buffers[0]!.buffer)]).toEqual([2]);
    expect(buffers[1]!.byteLength).toBe(24);
  });
});

describe('putBuffers()', () => {
  it('leaves prototypes alone when a path names them, and paths that lead nowhere', () => {
    const bytes = Uint8Array.of(1);
    const paths = [['__proto__', 'x'], ['a', '__proto__'], ['none', 'x'], ['a', 'b', 'c'], []];
    const state = putBuffers(
      { a: { b: 1 } },
      paths,
      paths.map(() => bytes),
    );
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect(Object.getPrototypeOf(state['a'])).toBe(Object.prototype);
    expect(Object.keys(state)).toEqual(['a']);
  });
});
