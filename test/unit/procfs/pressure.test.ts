import { expect, it } from 'vitest';
import { parsePressureTotal } from '../../../src/procfs/index.ts';

it('parsePressureTotal() reads some and full apart, and null of nothing', () => {
  const text = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=4711\nfull avg10=0 total=1';
  expect([parsePressureTotal(text, 'some'), parsePressureTotal(text, 'full')]).toEqual([4711, 1]);
  expect(parsePressureTotal('', 'some')).toBeNull();
});
