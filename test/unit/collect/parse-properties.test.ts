import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardRow, isInRange } from '../../../src/collect/column-range.ts';
import { parseMeminfo } from '../../../src/collect/meminfo.ts';
import { parsePressure } from '../../../src/collect/pressure.ts';
import {
  parseProcessIo,
  checkProcessStat,
  checkProcessStatm,
  parseSmapsRollup,
} from '../../../src/collect/process-files.ts';
import { parseVmstat } from '../../../src/collect/vmstat.ts';
import { processKind } from '../../../src/core/index.ts';
import {
  listMemoryFolders,
  parseAuxv,
  parseChildren,
  parseHierarchicalLimit,
  parseLimitBytes,
  parseMemoryMounts,
  parseOpenFilesLimit,
} from '../../../src/procfs/index.ts';
import { fixtureBytes } from '../../support/collect/proc-fixtures.ts';

type Parse = (bytes: Uint8Array) => unknown;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const parsers: [string, Parse, string][] = [
  ['parseMeminfo', (bytes) => parseMeminfo(bytes), 'modern/proc/meminfo'],
  ['parseVmstat', (bytes) => parseVmstat(bytes), 'modern/proc/vmstat'],
  ['parsePressure', (bytes) => parsePressure(bytes, 'memory'), 'modern/proc/pressure/memory'],
  [
    'parseLimitBytes',
    (bytes) => parseLimitBytes(textOf(bytes)) ?? null,
    'legacy/cgroup/memory/memory.limit_in_bytes',
  ],
  ['parseHierarchicalLimit', (bytes) => parseHierarchicalLimit(textOf(bytes)), 'modern/proc/vmstat'],
  ['checkProcessStat', (bytes) => checkProcessStat(bytes), 'modern/proc/202/stat'],
  ['checkProcessStatm', (bytes) => checkProcessStatm(bytes), 'modern/proc/202/statm'],
  ['parseProcessIo', (bytes) => parseProcessIo(bytes), 'modern/proc/202/io'],
  ['parseSmapsRollup', (bytes) => parseSmapsRollup(bytes), 'modern/proc/202/smaps_rollup'],
  ['parseChildren', (bytes) => parseChildren(textOf(bytes)), 'modern/proc/2/task/2/children'],
  ['parseAuxv', (bytes) => parseAuxv(bytes), 'modern/proc/202/stat'],
  ['parseOpenFilesLimit', (bytes) => parseOpenFilesLimit(textOf(bytes)), 'modern/proc/202/stat'],
  [
    'listMemoryFolders',
    (bytes) => [listMemoryFolders(parseMemoryMounts(textOf(bytes)), textOf(bytes)).length],
    'legacy/proc/self/cgroup',
  ],
];

// Any exception, or a number its column cannot hold, is a failure. Infinity is "no limit".
function checkParse(parse: Parse, bytes: Uint8Array): void {
  const result = parse(bytes);
  const values = typeof result === 'object' && result !== null ? Object.entries(result) : [['', result]];
  for (const [name, value] of values as [string, unknown][]) {
    if (typeof value !== 'number' || value === Infinity) continue;
    expect([name, value, isInRange(name, value)]).toEqual([name, value, true]);
  }
}

describe.each(parsers)('%s()', (_name, parse, fixture) => {
  it('throws on no bytes at all, and gives only what its columns can hold', () => {
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
        fc
          .constantFrom('18446744073709551612', ' -1234 kB\n', 'nan', '\0\0\0')
          .map((text) => new TextEncoder().encode(text)),
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

describe('guardRow()', () => {
  it('leaves no number in a row that its column cannot hold, and says when there is no row without it', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.constantFrom(2 ** 53, 2 ** 64, -1, null),
    );
    const row = fc.record(Object.fromEntries(processKind.fields.map(({ name }) => [name, number])));
    fc.assert(
      fc.property(row, (given) => {
        const guarded: Record<string, number | null> = { ...given };
        const isWhole = guardRow(guarded, () => undefined);
        for (const { name, type, nullable } of processKind.fields) {
          const value = guarded[name] ?? null;
          if (type === 'utf8') continue;
          expect(value === null || isInRange(name, value)).toBe(true);
          if (isWhole && !nullable) expect(value).toBe(given[name]);
        }
      }),
    );
  });
});
