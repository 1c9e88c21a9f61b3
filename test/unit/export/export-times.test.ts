import { describe, expect, it } from 'vitest';
import { parseTime } from '../../../src/export/export-times.ts';

const nowMs = Date.UTC(2024, 5, 1, 12);
const parse = (value: string, edge: 'start' | 'end' = 'start'): number => parseTime(value, edge, nowMs);

describe('parseTime()', () => {
  it('takes dates as local days, an end with its day', () => {
    expect(parse('2024-01-31')).toBe(new Date(2024, 0, 31).getTime());
    expect(parse('2024-01-31', 'end')).toBe(new Date(2024, 1, 1).getTime());
  });

  it('takes instants, Dates and milliseconds as they are', () => {
    expect(parse('2024-01-31T12:00:00Z', 'end')).toBe(Date.UTC(2024, 0, 31, 12));
    expect(parse('2024-01-31T12:00:00+01:00')).toBe(Date.UTC(2024, 0, 31, 11));
    expect(parseTime(new Date(5), 'start', nowMs)).toBe(5);
    expect(parseTime(7, 'end', nowMs)).toBe(7);
  });

  it('counts relative times back from now', () => {
    expect(parse('-2h')).toBe(nowMs - 7_200_000);
    expect(parse('-1.5d')).toBe(nowMs - 129_600_000);
    expect(parse(' now ')).toBe(nowMs);
  });

  it('gives NaN for what is no time', () => {
    for (const text of ['5', 'yesterday', '2024-02-31', '2024-13-01', '-2x', ''])
      expect(parse(text)).toBeNaN();
  });
});
