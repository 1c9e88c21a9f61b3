import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCgroup, parseCgroupBytes } from '../../../src/collect/cgroup.ts';
import { parseMeminfo } from '../../../src/collect/meminfo.ts';
import { parsePressure } from '../../../src/collect/pressure.ts';
import {
  parseProcessIo,
  parseProcessStat,
  parseProcessStatm,
  parseSmapsRollup,
} from '../../../src/collect/process-files.ts';
import { parseVmstat } from '../../../src/collect/vmstat.ts';
import { RuvectorError } from '../../../src/core/index.ts';
import { fixtureBytes } from './fixtures.ts';

type Parse = (bytes: Uint8Array) => unknown;

const parsers: [string, Parse, string][] = [
  ['parseMeminfo', parseMeminfo, 'modern/proc/meminfo'],
  ['parseVmstat', parseVmstat, 'modern/proc/vmstat'],
  ['parsePressure', parsePressure, 'modern/proc/pressure/memory'],
  ['parseCgroup', parseCgroup, 'legacy/proc/self/cgroup'],
  ['parseCgroupBytes', parseCgroupBytes, 'legacy/cgroup/memory/memory.usage_in_bytes'],
  ['parseProcessStat', parseProcessStat, 'modern/proc/202/stat'],
  ['parseProcessStatm', parseProcessStatm, 'modern/proc/202/statm'],
  ['parseProcessIo', parseProcessIo, 'modern/proc/202/io'],
  ['parseSmapsRollup', parseSmapsRollup, 'modern/proc/202/smaps_rollup'],
];

// Any result but a typed error, or numbers that are no counts, is a failure.
function checkParse(parse: Parse, bytes: Uint8Array): void {
  let result: unknown;
  try {
    result = parse(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RuvectorError);
    return;
  }
  const values = typeof result === 'object' && result !== null ? Object.values(result) : [result];
  const numbers = values.filter((value) => typeof value === 'number');
  expect(numbers.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
}

describe.each(parsers)('%s()', (_name, parse, fixture) => {
  it('throws only typed errors and gives only whole counts on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => checkParse(parse, bytes)));
  });

  it('does the same on its own format, cut and overwritten anywhere', () => {
    const valid = fixtureBytes(fixture).slice(0, 1500);
    const damage = fc.record({
      cut: fc.nat(valid.length),
      at: fc.nat(valid.length - 1),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 24 }),
        fc.stringMatching(/^[0-9 ()\n:-]{0,24}$/).map((text) => new TextEncoder().encode(text)),
      ),
    });
    fc.assert(
      fc.property(damage, ({ cut, at, bytes }) => {
        const damaged = valid.slice();
        damaged.set(bytes.subarray(0, damaged.length - at), at);
        checkParse(parse, damaged.subarray(0, cut));
      }),
    );
  });
});
