import { describe, expect, it } from 'vitest';
import { parseAuxv, parseChildren, parseOpenFilesLimit } from '../../../src/procfs/index.ts';
import { fixtureBytes } from '../../support/collect/proc-fixtures.ts';

describe('parseAuxv()', () => {
  const auxv = (littleEndian: boolean, entries: [bigint, bigint][]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(entries.length * 16));
    entries.forEach(([type, value], i) => {
      view.setBigUint64(i * 16, type, littleEndian);
      view.setBigUint64(i * 16 + 8, value, littleEndian);
    });
    return new Uint8Array(view.buffer);
  };

  it('gives the page size and tick of the kernel in either byte order', () => {
    for (const littleEndian of [true, false]) {
      const bytes = auxv(littleEndian, [
        [33n, 0x7fffn],
        [6n, 16384n],
        [17n, 250n],
        [0n, 0n],
      ]);
      expect(parseAuxv(bytes, littleEndian)).toEqual({ pageKib: 16, tickMs: 4 });
    }
  });

  it('keeps 4 KiB and 10 ms when the entries are absent or absurd', () => {
    expect(parseAuxv(auxv(true, [[6n, 0n]]), true)).toEqual({ pageKib: 4, tickMs: 10 });
    expect(parseAuxv(new Uint8Array(7), true)).toEqual({ pageKib: 4, tickMs: 10 });
  });
});

describe('parseChildren()', () => {
  it('gives the pids', () => {
    expect(parseChildren(fixtureBytes('modern/proc/2/task/2/children').toString())).toEqual([3, 4]);
    expect(parseChildren('')).toEqual([]);
  });
});

describe('parseOpenFilesLimit()', () => {
  it('gives the soft limit, Infinity when unlimited and null when it is not there', () => {
    expect(parseOpenFilesLimit('Max open files            1024      4096      files \n')).toBe(1024);
    expect(parseOpenFilesLimit('Max open files            unlimited unlimited files \n')).toBe(Infinity);
    expect(parseOpenFilesLimit('Max processes  7 7 processes\n')).toBeNull();
  });
});
