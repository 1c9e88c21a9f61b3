import { describe, expect, it } from 'vitest';
import {
  parseAnyMinutes,
  parseAnySeconds,
  parseDuration,
  parseHours,
  parseList,
  parseSeconds,
} from '../../../../src/app/commands/options.ts';

describe('parseDuration()', () => {
  it('takes seconds, or a number with its unit', () => {
    expect(['10', '500ms', '1.5m', '1h', '2d'].map(parseDuration)).toEqual([
      10_000, 500, 90_000, 3_600_000, 172_800_000,
    ]);
    for (const text of ['', '-1s', '1y', 'h'])
      expect(() => parseDuration(text)).toThrow('must be a duration');
  });
});

describe('parseSeconds()', () => {
  it('takes seconds, or a time that says its unit', () => {
    expect(['90', '1e2', '90s', '500ms', '5m', '1.5h', ' 2 d '].map(parseSeconds)).toEqual([
      90, 100, 90, 0.5, 300, 5400, 172_800,
    ]);
  });

  it.each(['', 'm', '5 minutes', '1h30m', 'Infinity', '1e999s', 'NaN', '5y'])(
    'refuses "%s", and says how',
    (text) => {
      expect(() => parseSeconds(text)).toThrow('a number of seconds, or a time like 90s, 5m or 2h');
    },
  );

  it.each(['0', '-5m', '30d', '10ms'])('refuses %s, which is no time to wait', (text) => {
    expect(() => parseSeconds(text)).toThrow('0.1 to 2000000 seconds');
  });
});

describe('parseHours()', () => {
  it('takes hours, or a time that says its unit', () => {
    expect(['24', '0.5', '90m', '2d'].map(parseHours)).toEqual([24, 0.5, 1.5, 48]);
    for (const text of ['0', '-2h']) expect(() => parseHours(text)).toThrow('above 0');
  });
});

describe('parseAnyMinutes()', () => {
  it('takes minutes, or a time that says its unit, and 0 for never', () => {
    expect(['0', '30', '2h', '90s'].map(parseAnyMinutes)).toEqual([0, 30, 120, 1.5]);
  });
});

describe('parseAnySeconds()', () => {
  it('leaves the range to who takes it', () => {
    expect(['0', '-1', '5m'].map(parseAnySeconds)).toEqual([0, -1, 300]);
  });
});

describe('parseList()', () => {
  it('splits at commas and refuses empty names', () => {
    expect(parseList('memory, process')).toEqual(['memory', 'process']);
    expect(() => parseList('memory,')).toThrow('commas');
  });
});
