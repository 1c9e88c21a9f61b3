import { describe, expect, it } from 'vitest';
import { parseMeminfo } from '../../../src/collect/meminfo.ts';
import { parsePressure } from '../../../src/collect/pressure.ts';
import { buildSnapshot, hasTotals } from '../../../src/collect/snapshot.ts';
import { parseVmstat } from '../../../src/collect/vmstat.ts';
import { memoryKind } from '../../../src/core/index.ts';
import { bytesOf, createNoteBook, fixtureBytes } from '../../support/collect/proc-fixtures.ts';

describe('parseMeminfo()', () => {
  it('gives every column of a modern kernel in KiB', () => {
    const meminfo = parseMeminfo(fixtureBytes('modern/proc/meminfo'));
    expect(Object.values(meminfo)).not.toContain(null);
    expect(meminfo).toMatchObject({
      mem_total_kib: 16284516,
      mem_available_kib: 9120832,
      inactive_file_kib: 4069296,
      swap_free_kib: 8101884,
    });
  });

  it('estimates available memory as free, file and reclaimable when the kernel has no MemAvailable', () => {
    const meminfo = parseMeminfo(fixtureBytes('legacy/proc/meminfo'));
    expect(meminfo.mem_available_kib).toBe(1203344 + 3309576 + 4069296 + 612304);
  });

  it('estimates from Cached when file pages are not split either', () => {
    const meminfo = parseMeminfo(bytesOf('MemTotal: 100 kB\nMemFree: 10 kB\nCached: 30 kB\n'));
    expect(meminfo.mem_available_kib).toBe(40);
  });

  it('leaves a line that is absent null', () => {
    expect(parseMeminfo(bytesOf('MemTotal: 100 kB\nMemAvailable: 50 kB')).swap_total_kib).toBeNull();
  });

  it('gives nothing of content without a known line, and notes that once', () => {
    for (const bytes of [fixtureBytes('no-memory/proc/meminfo'), bytesOf(''), bytesOf('\0\0\0\0')]) {
      const book = createNoteBook();
      expect(new Set(Object.values(parseMeminfo(bytes, book)))).toEqual(new Set([null]));
      expect(book.failures).toMatchObject([{ code: 'ERR_COLLECT_PARSE' }]);
    }
  });

  it.each([
    ['a wrapped size', 'SwapFree: 18446744073709551612 kB', 'swap_free_kib'],
    ['a wrapped sum', 'Committed_AS: 18446744073709551612 kB', 'committed_as_kib'],
    ['a negative size', 'Cached: -1234 kB', 'cached_kib'],
    ['more than 2^53', 'Committed_AS: 9007199254740993 kB', 'committed_as_kib'],
    ['more than any host has', 'Cached: 9007199254740991 kB', 'cached_kib'],
    ['more free than there is', 'MemFree: 1001 kB', 'mem_free_kib'],
    ['more swap free than there is', 'SwapTotal: 8 kB\nSwapFree: 12 kB', 'swap_free_kib'],
    ['no number', 'Dirty:', 'dirty_kib'],
    ['no number before the unit', 'Dirty: kB', 'dirty_kib'],
    ['no unit', 'Dirty: 12', 'dirty_kib'],
    ['another unit', 'Dirty: 12 MB', 'dirty_kib'],
    ['a unit that runs into the number', 'Dirty: 12kB', 'dirty_kib'],
    ['a fraction', 'Dirty: 12.5 kB', 'dirty_kib'],
    ['an exponent', 'Dirty: 1e3 kB', 'dirty_kib'],
    ['nan', 'Dirty: nan kB', 'dirty_kib'],
    ['NUL bytes', 'Dirty: \0\0\0 kB', 'dirty_kib'],
    ['two values', 'Dirty: 1 kB\nDirty: 2 kB', 'dirty_kib'],
    ['three values, the last as the first', 'Dirty: 1 kB\nDirty: 2 kB\nDirty: 1 kB', 'dirty_kib'],
  ] as const)('leaves one column null and keeps the others when it finds %s', (_what, lines, column) => {
    const book = createNoteBook();
    const given = { MemTotal: 1000, MemAvailable: 500, Mapped: 7 };
    const sound = Object.entries(given).map(([key, kib]) => `${key}: ${kib} kB\n`);
    const values = parseMeminfo(bytesOf(`${sound.join('')}${lines}\n`), book);
    expect(values).toMatchObject({
      mem_total_kib: 1000,
      mem_available_kib: 500,
      mapped_kib: 7,
      [column]: null,
    });
    expect(new Set(book.noted.map(([name]) => name))).toEqual(new Set([column]));
    expect(book.failures).toEqual([]);
  });

  it('takes a line that is there twice with the same value', () => {
    expect(parseMeminfo(bytesOf('Dirty: 5 kB\nDirty: 5 kB\n'))).toMatchObject({ dirty_kib: 5 });
  });

  it.each(['MemAvailable: 18446744073709551612 kB', 'MemAvailable: 2000 kB'])(
    'estimates available memory, at most all of it, in the place of %s',
    (line) => {
      const text = `MemTotal: 1000 kB\nMemFree: 10 kB\nCached: 30 kB\n${line}\n`;
      expect(parseMeminfo(bytesOf(text)).mem_available_kib).toBe(40);
      expect(parseMeminfo(bytesOf(text.replace('30', '3000'))).mem_available_kib).toBe(1000);
    },
  );

  it('gives no total where it is 0', () => {
    expect(parseMeminfo(bytesOf('MemTotal: 0 kB\n')).mem_total_kib).toBeNull();
  });
});

describe('parseVmstat()', () => {
  it('gives every counter of a modern kernel and takes no name for its prefix', () => {
    const vmstat = parseVmstat(fixtureBytes('modern/proc/vmstat'));
    expect(vmstat).toMatchObject({ pgscan_direct: 12039, workingset_refault_anon: 4711, oom_kill: 1 });
    expect(Object.values(vmstat)).not.toContain(null);
  });

  it('takes the unsplit refault counter of kernels before 5.9 for file pages', () => {
    expect(parseVmstat(fixtureBytes('legacy/proc/vmstat'))).toMatchObject({
      workingset_refault_anon: null,
      workingset_refault_file: 918273,
      oom_kill: null,
    });
  });

  it.each([
    ['a counter that wrapped', 'pswpin 18446744073709551615\n', 'pswpin'],
    ['a word', 'pswpin many\n', 'pswpin'],
    ['no value', 'pswpin\n', 'pswpin'],
    ['a line that is cut off', 'pswpin 12', 'pswpin'],
    [
      'two lines that contradict each other',
      'workingset_refault 1\nworkingset_refault_file 2\n',
      'workingset_refault_file',
    ],
  ])('leaves one counter null and keeps the others when it finds %s', (_what, lines, column) => {
    const book = createNoteBook();
    const values = parseVmstat(bytesOf(`oom_kill 3\n${lines}`), book);
    expect(values).toMatchObject({ oom_kill: 3, [column]: null });
    expect(book.noted).toHaveLength(1);
  });

  it('gives a counter of 2^53 - 1 exactly and none above it', () => {
    expect(parseVmstat(bytesOf('pswpin 9007199254740991\n')).pswpin).toBe(9007199254740991);
    expect(parseVmstat(bytesOf('pswpin 9007199254740992\n')).pswpin).toBeNull();
  });
});

describe('parsePressure()', () => {
  it('gives the totals in µs', () => {
    const totals = parsePressure(fixtureBytes('modern/proc/pressure/memory'), 'memory');
    expect(totals).toEqual({ psi_memory_some_us: 8123456, psi_memory_full_us: 3012345 });
  });

  it('gives no full total where the kernel writes only the some line', () => {
    const book = createNoteBook();
    const text = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';
    expect(parsePressure(bytesOf(text), 'io', book)).toEqual({ psi_io_some_us: 7, psi_io_full_us: null });
    expect(parsePressure(bytesOf(text), 'cpu', book)).toEqual({ psi_cpu_some_us: 7 });
    expect(book).toMatchObject({ noted: [], failures: [] });
  });

  it.each([
    ['an average that is no share', 'some avg10=12345.00 avg60=nan avg300=0.00 total=7\n', 7, 0],
    ['a negative total', 'some avg10=0.00 total=-7\n', null, 1],
    ['a total that is cut off', 'some avg10=0.00 total=7', null, 1],
    ['no total', 'some avg10=0.00\n', null, 1],
    ['a total of 2^64 - 1', 'some avg10=0.00 total=18446744073709551615\n', null, 1],
  ])('keeps the other line when it finds %s', (_what, line, some, count) => {
    const book = createNoteBook();
    const totals = parsePressure(bytesOf(`full avg10=0.00 total=3\n${line}`), 'memory', book);
    expect(totals).toEqual({ psi_memory_some_us: some, psi_memory_full_us: 3 });
    expect(book.noted).toHaveLength(count);
  });

  it('gives nothing of garbage and notes it', () => {
    const book = createNoteBook();
    const totals = parsePressure(fixtureBytes('garbage/proc/pressure/io'), 'io', book);
    expect(totals).toEqual({ psi_io_some_us: null, psi_io_full_us: null });
    expect(book.failures).toMatchObject([{ code: 'ERR_COLLECT_PARSE' }]);
  });
});

describe('buildSnapshot()', () => {
  const facts = { timestampMs: 1, processCount: 2, topProcessRssKib: null };

  it('has exactly the columns of the record, null where nobody gave a value', () => {
    const columns = { mem_total_kib: 100, mem_available_kib: 40, pswpin: 5 };
    const snapshot = buildSnapshot(columns, facts);
    expect(Object.keys(snapshot)).toEqual(memoryKind.fields.map((field) => field.name));
    expect(snapshot).toMatchObject({ mem_total_kib: 100, pswpin: 5, oom_kill: null, process_count: 2 });
  });

  it('needs total and available memory', () => {
    expect(hasTotals({ mem_total_kib: 1, mem_available_kib: null })).toBe(false);
    expect(hasTotals({ mem_available_kib: 1 })).toBe(false);
    expect(hasTotals({ mem_total_kib: 1, mem_available_kib: 0 })).toBe(true);
  });
});
