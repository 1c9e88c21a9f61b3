import { describe, expect, it } from 'vitest';
import { selectExpired } from '../../../src/store/retention.ts';
import type { Segment } from '../../../src/store/segment-files.ts';

function segment(toMs: number, sizeBytes = 10): Segment {
  return { path: String(toMs), fromMs: toMs - 1, toMs, rows: 1, sizeBytes, generations: [], groups: [] };
}

const unlimited = { retainMs: Infinity, retainBytes: Infinity };

describe('selectExpired()', () => {
  it('selectExpired() picks nothing when all fits', () => {
    expect(selectExpired([segment(1), segment(2)], 100, unlimited)).toEqual([]);
  });

  it('selectExpired() picks segments whose last row is older than retainMs', () => {
    const expired = selectExpired([segment(10), segment(90)], 100, { ...unlimited, retainMs: 50 });
    expect(expired.map(({ toMs }) => toMs)).toEqual([10]);
  });

  it('selectExpired() picks the oldest until the rest fits retainBytes', () => {
    const segments = [segment(30), segment(10), segment(20)];
    const expired = selectExpired(segments, 100, { ...unlimited, retainBytes: 15 });
    expect(expired.map(({ toMs }) => toMs)).toEqual([10, 20]);
  });
});
