import { describe, expect, it } from 'vitest';
import {
  parseProcessIo,
  parseProcessStat,
  parseProcessStatm,
  parseSmapsRollup,
} from '../../../src/collect/process-files.ts';
import { bytesOf, fixtureBytes } from './fixtures.ts';

const parseFailure = expect.objectContaining({ code: 'ERR_COLLECT_PARSE' });

describe('parseProcessStat()', () => {
  it('gives the fields of a process', () => {
    expect(parseProcessStat(fixtureBytes('modern/proc/202/stat'))).toEqual({
      pid: 202,
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
    const stat = parseProcessStat(fixtureBytes('modern/proc/101/stat'));
    expect(stat).toMatchObject({ pid: 101, name: 'a) b', state: 'S', startTimeTicks: 10233 });
  });

  it('takes an empty name and a name that is not UTF-8', () => {
    const rest = ' S 1 7 7 0 -1 0 1 0 2 0 3 4 0 0 20 0 1 0 9 0 0\n';
    expect(parseProcessStat(bytesOf(`7 ()${rest}`)).name).toBe('');
    const bytes = bytesOf(`7 (?)${rest}`);
    bytes[3] = 0xff;
    expect(parseProcessStat(bytes)).toMatchObject({ name: '\ufffd', cpuTicks: 7, startTimeTicks: 9 });
  });

  it('rejects a line without a name or with too few fields', () => {
    expect(() => parseProcessStat(fixtureBytes('garbage/proc/7/stat'))).toThrow(parseFailure);
    expect(() => parseProcessStat(bytesOf('7 (cut) S 1 7 7 0 -1 0 1'))).toThrow(parseFailure);
    expect(() => parseProcessStat(bytesOf(''))).toThrow(parseFailure);
  });
});

describe('parseProcessStatm()', () => {
  it('gives size, resident and shared pages', () => {
    expect(parseProcessStatm(fixtureBytes('modern/proc/202/statm'))).toEqual({
      sizePages: 812000,
      residentPages: 402100,
      sharedPages: 201000,
    });
  });

  it('rejects too few fields and numbers beyond 2^53', () => {
    expect(() => parseProcessStatm(bytesOf('12 3'))).toThrow(parseFailure);
    expect(() => parseProcessStatm(bytesOf('99999999999999999999 3 4\n'))).toThrow(parseFailure);
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

  it('gives no private size without its parts', () => {
    expect(parseSmapsRollup(bytesOf('Private_Clean: 4 kB\nSwap: 8 kB\n'))).toEqual({
      private_kib: null,
      swap_kib: 8,
    });
  });
});
