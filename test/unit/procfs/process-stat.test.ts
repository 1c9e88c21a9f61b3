import { describe, expect, it } from 'vitest';
import { parseProcessStat } from '../../../src/procfs/index.ts';

describe('parseProcessStat()', () => {
  const line = (name: string, flags: number): Uint8Array =>
    Buffer.from(
      `77 (${name}) S 1 77 77 0 -1 ${flags} 12 0 34 0 5 6 0 0 20 0 3 0 98765 1000000 250 18446744073709551615 1 1`,
    );

  it('reads identity, faults and resident pages', () => {
    expect(parseProcessStat(line('node', 0x400000))).toEqual({
      pid: 77,
      name: 'node',
      state: 'S',
      isKernelThread: false,
      minorFaults: 12,
      majorFaults: 34,
      cpuTicks: 11,
      threads: 3,
      startTimeTicks: 98_765,
      rssPages: 250,
    });
  });

  it('reads a name with brackets and spaces', () => {
    expect(parseProcessStat(line('a) R 1 (b', 0))).toMatchObject({
      name: 'a) R 1 (b',
      startTimeTicks: 98_765,
    });
  });

  it('tells a kernel thread by its flag', () => {
    expect(parseProcessStat(line('kworker/0:1', 0x208040))?.isKernelThread).toBe(true);
  });

  it.each(['', '77', '77 (node', 'garbage) ('])('gives null for %j', (text) => {
    expect(parseProcessStat(Buffer.from(text))).toBeNull();
  });
});
