// The shared ring, both sides in one thread.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  copyFeatures,
  createRing,
  pushRequest,
  readAnswer,
  readRingHead,
  readSignal,
  sessionIdAt,
  viewRing,
  writeAnswer,
  writeFailure,
} from '../../../src/models/request-ring.ts';

it('pushRequest() passes a request through the ring unchanged, and its answer, over the wrap of the slots', () => {
  const row = fc.array(fc.float({ noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
      const memory = createRing(3, 4);
      const [main, worker] = [viewRing(memory), viewRing(memory)];
      const copy = new Float32Array(3);
      rows.forEach((values, position) => {
        const features = Float32Array.from(values);
        pushRequest(main, position, position + 7, features);
        expect(readRingHead(worker)).toBe(position + 1);
        expect(sessionIdAt(worker, position)).toBe(position + 7);
        copyFeatures(worker, position, copy);
        expect(copy).toEqual(features);
        writeAnswer(worker, position, { label: position % 4, values: features });
        expect(readAnswer(main, position, 3)).toEqual({ label: position % 4, values: features });
      });
    }),
    { numRuns: 50 },
  );
});

it('pushRequest() goes on past position 2^31', () => {
  const ring = viewRing(createRing(1, 4));
  const last = 2 ** 31 - 1;
  pushRequest(ring, last, 1, Float32Array.of(5));
  const next = (last + 1) | 0;
  expect(readRingHead(ring)).toBe(next);
  pushRequest(ring, next, 2, Float32Array.of(6));
  expect([sessionIdAt(ring, last), sessionIdAt(ring, next)]).toEqual([1, 2]);
});

it('readAnswer() is null when the run failed, also in a slot that held an answer', () => {
  const ring = viewRing(createRing(1, 2));
  writeAnswer(ring, 0, { label: 1, values: Float32Array.of(1) });
  writeFailure(ring, 0);
  expect(readAnswer(ring, 0, 1)).toBeNull();
});

it('pushRequest() raises the signal the worker sleeps on', () => {
  const ring = viewRing(createRing(1, 2));
  const before = readSignal(ring);
  pushRequest(ring, 0, 1, Float32Array.of(1));
  expect(readSignal(ring)).not.toBe(before);
});
