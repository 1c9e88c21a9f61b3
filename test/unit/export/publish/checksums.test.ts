import { describe, expect, it } from 'vitest';
import { isInside, parseChecksums, renderChecksums } from '../../../../src/export/publish/checksums.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

describe('renderChecksums()', () => {
  it('sorts by path as sha256sum prints them', () => {
    const files = [
      { path: 'data/b.parquet', sha256: b },
      { path: 'README.md', sha256: a },
    ];
    expect(renderChecksums(files)).toBe(`${a}  README.md\n${b}  data/b.parquet\n`);
  });
});

describe('parseChecksums()', () => {
  it('reads what renderChecksums() wrote', () => {
    const files = [
      { path: 'x y.txt', sha256: a },
      { path: 'z', sha256: b },
    ];
    expect(parseChecksums(renderChecksums(files))).toEqual(new Map(files.map((f) => [f.path, f.sha256])));
  });

  it.each([
    ['a line that is none', 'hello\n', 'is not a checksum'],
    ['a short checksum', `${a.slice(1)}  x\n`, 'is not a checksum'],
    ['a path that goes up', `${a}  ../x\n`, 'leaves the dataset'],
    ['a path that goes up inside', `${a}  data/../../x\n`, 'leaves the dataset'],
    ['an absolute path', `${a}  /etc/passwd\n`, 'leaves the dataset'],
    ['a path with backslashes', `${a}  data\\x\n`, 'leaves the dataset'],
    ['a path twice', `${a}  x\n${b}  x\n`, 'listed twice'],
  ])('refuses %s', (_, text, reason) => {
    expect(() => parseChecksums(text)).toThrow(reason);
  });
});

describe('isInside()', () => {
  it('takes plain relative paths only', () => {
    expect(['a', 'a/b.c', '.hidden'].every(isInside)).toBe(true);
    expect(['', '.', '..', 'a/', '/a', 'a//b', './a', 'a/..'].some(isInside)).toBe(false);
  });
});
