import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  nextVersion,
  parseVersion,
} from '../../../../src/export/publish/semantic-version.ts';

describe('nextVersion()', () => {
  it.each([
    [null, 'first', '1.0.0'],
    ['1.2.3', 'none', '1.2.3'],
    ['1.2.3', 'patch', '1.2.4'],
    ['1.2.3', 'minor', '1.3.0'],
    ['1.2.3', 'major', '2.0.0'],
  ] as const)('after %s gives for %s %s', (previous, change, version) => {
    expect(nextVersion(previous, change)).toBe(version);
  });
});

describe('compareVersions()', () => {
  it('compares numbers, not text', () => {
    expect(compareVersions('1.10.0', '1.9.9')).toBeGreaterThan(0);
    expect(compareVersions('1.0.0', '2.0.0')).toBeLessThan(0);
    expect(compareVersions('1.0.0', '1.0.0')).toBe(0);
  });
});

describe('parseVersion()', () => {
  it('takes three numbers without leading zeros and nothing else', () => {
    expect(parseVersion('10.0.3')).toEqual([10, 0, 3]);
    for (const text of ['1.0', '1.0.0-rc1', 'v1.0.0', '01.0.0', ''])
      expect(parseVersion(text)).toBeUndefined();
  });
});
