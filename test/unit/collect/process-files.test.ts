import { describe, expect, it } from 'vitest';
import {
  parseProcessIo,
  checkProcessStat,
  checkProcessStatm,
  parseSmapsRollup,
} from '../../../src/collect/process-files.ts';
import { bytesOf, createNoteBook, fixtureBytes } from '../../support/collect/proc-fixtures.ts';

describe('checkProcessStat()', () => {
  it('gives the fields of a process', () => {
    expect(checkProcessStat(fixtureBytes('modern/proc/202/stat'))).toEqual({
      name: 'postgres',
      state: 'S',
      minorFaults: 891234,
      majorFaults: 1203,
      cpuTicks: 120394 + 30291,
      threads: 6,
      startTimeTicks: 9120,
    });
  });

  it('takes a name with spaces and parentheses whole', () => {
    const stat = checkProcessStat(fixtureBytes('modern/proc/101/stat'));
    expect(stat).toMatchObject({ name: 'a) b', state: 'S', startTimeTicks: 10233 });
  });

  it('takes an empty name and a name that is not UTF-8', () => {
    const rest = ' S 1 7 7 0 -1 0 1 0 2 0 3 4 0 0 20 0 1 0 9 0 0\n';
    expect(checkProcessStat(bytesOf(`7 ()${rest}`))?.name).toBe('');
    const bytes = bytesOf(`7 (?)${rest}`);
    bytes[3] = 0xff;
    expect(checkProcessStat(bytes)).toMatchObject({ name: '\ufffd', cpuTicks: 7, startTimeTicks: 9 });
  });

  it.each(['a) (b', 'x) S 1 (', 'line\nbreak', ') R 9 9', ' ', '(((', 'tab\tnul\0'])(
    'takes the name %j whole',
    (name) => {
      const stat = checkProcessStat(bytesOf(`7 (${name}) S 1 7 7 0 -1 0 1 0 2 0 3 4 0 0 20 0 1 0 9 0 0\n`));
      expect(stat).toEqual({
        name,
        state: 'S',
        minorFaults: 1,
        majorFaults: 2,
        cpuTicks: 7,
        threads: 1,
        startTimeTicks: 9,
      });
    },
  );

  it('gives nothing of a line without a name', () => {
    expect(checkProcessStat(fixtureBytes('garbage/proc/7/stat'))).toBeNull();
    expect(checkProcessStat(bytesOf(''))).toBeNull();
  });

  it.each([
    ['7 (cut) S 1 7 7 0 -1 0 1', ['majorFaults', 'cpuTicks', 'threads', 'startTimeTicks']],
    ['7 (huge) S 1 7 7 0 -1 0 1 0 2 0 3 4 0 0 20 0 1 0 18446744073709551615 0 0\n', ['startTimeTicks']],
    ['7 (back) S 1 7 7 0 -1 0 1 0 2 0 -3 4 0 0 20 0 1 0 9 0 0\n', ['cpuTicks']],
    ['7 (many) S 1 7 7 0 -1 0 1 0 2 0 3 4 0 0 20 0 99999999 0 9 0 0\n', ['threads']],
    ['7 (sum) S 1 7 7 0 -1 0 1 0 2 0 9007199254740991 1 0 0 20 0 1 0 9 0 0\n', ['cpuTicks']],
  ])('leaves null only what is no such value: %s', (line, nulls) => {
    const book = createNoteBook();
    const stat = checkProcessStat(bytesOf(line), book.bad);
    const found = Object.entries(stat ?? {}).filter(([, value]) => value === null);
    expect(found.map(([name]) => name)).toEqual(nulls);
    expect(book.noted).toHaveLength(nulls.length);
  });
});

describe('checkProcessStatm()', () => {
  it('gives size, resident and shared pages', () => {
    expect(checkProcessStatm(fixtureBytes('modern/proc/202/statm'))).toEqual({
      sizePages: 812000,
      residentPages: 402100,
      sharedPages: 201000,
    });
  });

  it('leaves null what is absent or beyond 2^53', () => {
    expect(checkProcessStatm(bytesOf('12 3'))).toEqual({
      sizePages: 12,
      residentPages: 3,
      sharedPages: null,
    });
    expect(checkProcessStatm(bytesOf('99999999999999999999 3 4\n'))).toEqual({
      sizePages: null,
      residentPages: 3,
      sharedPages: 4,
    });
  });
});

describe('parseProcessIo()', () => {
  it('gives bytes that reached storage, not those that were only written to the page cache', () => {
    const io = parseProcessIo(fixtureBytes('modern/proc/202/io'));
    expect(io).toEqual({ io_read_bytes: 918273645, io_write_bytes: 128374650 });
  });
});

describe('parseSmapsRollup()', () => {
  it('adds clean, dirty and huge private pages', () => {
    expect(parseSmapsRollup(fixtureBytes('modern/proc/202/smaps_rollup'))).toEqual({
      private_kib: 20480 + 780000 + 2048,
      swap_kib: 12288,
    });
  });

  it('gives no private size when one of its parts is bad, under the name of the column', () => {
    const book = createNoteBook();
    const text = 'Private_Clean: 4 kB\nPrivate_Dirty: -8 kB\nSwap: 8 kB\n';
    expect(parseSmapsRollup(bytesOf(text), book)).toEqual({ private_kib: null, swap_kib: 8 });
    const huge = 'Private_Clean: 4 kB\nPrivate_Dirty: 4 kB\nPrivate_Hugetlb: x kB\nSwap: 8 kB\n';
    expect(parseSmapsRollup(bytesOf(huge), book)).toEqual({ private_kib: null, swap_kib: 8 });
    expect(book.noted.map(([column]) => column)).toEqual(['private_kib', 'private_kib']);
  });

  it('gives no private size without its parts', () => {
    expect(parseSmapsRollup(bytesOf('Private_Clean: 4 kB\nSwap: 8 kB\n'))).toEqual({
      private_kib: null,
      swap_kib: 8,
    });
  });
});
