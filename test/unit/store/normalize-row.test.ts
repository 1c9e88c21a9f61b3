import { describe, expect, it } from 'vitest';
import { memoryKind, processKind } from '../../../src/core/index.ts';
import { normalizeRow } from '../../../src/store/normalize-row.ts';
import { numberedSnapshot } from '../../support/store/store-rows.ts';

const process = { timestamp: 1, pid: 2, name: 'a', rss_kib: 3 };

describe('normalizeRow()', () => {
  it('fills missing nullable fields with null', () => {
    expect(normalizeRow(processKind, process)['swap_kib']).toBeNull();
  });

  it('rounds fractions of integer fields', () => {
    expect(normalizeRow(processKind, { ...process, rss_kib: 2.6 })['rss_kib']).toBe(3);
  });

  it('returns a copy, so that a reused row object changes nothing', () => {
    const row = numberedSnapshot(1);
    const copy = normalizeRow(memoryKind, row);
    row.mem_total_kib = 99;
    expect(copy['mem_total_kib']).toBe(1);
  });

  it.each([
    ['a required field is missing', { ...process, name: null }],
    ['an integer field holds text', { ...process, rss_kib: '12' }],
    ['an integer field holds NaN', { ...process, rss_kib: Number.NaN }],
    ['an int32 field overflows', { ...process, threads: 2 ** 31 }],
    ['a text field holds a number', { ...process, name: 5 }],
  ])('throws ERR_STORE_INVALID_ROW when %s', (_, row) => {
    expect(() => normalizeRow(processKind, row)).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_INVALID_ROW' }),
    );
  });
});
