import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adviseOn, adviseOnReading } from '../../../src/core/index.ts';

const codes = [
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'EIO',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
];

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the system's own text`), { code });
}

describe('adviseOn()', () => {
  it('has a next step of its own for each code', () => {
    const steps = codes.map((code) => adviseOn(failure(code)).nextStep);
    expect(new Set(steps).size).toBe(codes.length);
    expect(adviseOn(failure('EMFILE'))).toMatchObject({
      state: expect.stringContaining('(EMFILE)'),
      nextStep: expect.stringMatching(/ulimit -n.*LimitNOFILE=/),
    });
  });

  it('gives the message of what it does not know', () => {
    expect(adviseOn(failure('EOWNERDEAD')).state).toBe("EOWNERDEAD: the system's own text");
    expect(adviseOn('text').state).toBe('text');
    expect(adviseOn(failure('constructor')).state).toContain("the system's own text");
  });

  it('knows every code that the Python side knows', () => {
    const path = join(import.meta.dirname, '../../../python/src/ruvector/_system_advice.py');
    const known = [...readFileSync(path, 'utf8').matchAll(/errno\.(E[A-Z]+):/g)].map(([, code]) => code);
    expect(new Set(known)).toEqual(new Set(codes));
  });
});

it('adviseOnReading() makes no folder of what should have been there, and says the rest as adviseOn() does', () => {
  expect(adviseOnReading(failure('ENOENT'))).toEqual({
    state: 'there is no such file (ENOENT)',
    nextStep: 'correct the path',
  });
  for (const code of ['EACCES', 'EISDIR', 'ENOTDIR']) {
    expect(adviseOnReading(failure(code))).toEqual(adviseOn(failure(code)));
  }
});
