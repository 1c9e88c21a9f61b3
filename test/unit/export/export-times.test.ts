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

  it('gives NaN for days that no calendar has, with a time behind them and without', () => {
    const impossible = ['2024-02-30', '2023-02-29', '2024-04-31', '2024-13-01', '2024-00-10', '2024-06-00'];
    for (const day of impossible) {
      for (const time of ['', 'T10:00:00Z', 'T10:00', ' 10:00:00.5', 'T10:00:00+02:00']) {
        expect({ text: day + time, ms: parseTime(day + time, 'end', nowMs) }).toMatchObject({
          ms: Number.NaN,
        });
      }
    }
    expect(parseTime('2024-02-29T10:00:00Z', 'start', nowMs)).toBe(Date.UTC(2024, 1, 29, 10));
    expect(parseTime('0001-01-01T00:00:00Z', 'start', nowMs)).toBe(Date.parse('0001-01-01T00:00:00Z'));
  });

  it('gives NaN for what is no time', () => {
    for (const text of ['5', 'yesterday', '2024-02-31', '2024-13-01', '-2x', ''])
      expect(parse(text)).toBeNaN();
  });
});
