import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAnonymizer } from '../../../src/prepare/index.ts';
import type { ReleasedProcessRecord } from '../../../src/prepare/index.ts';
import { mondayMs } from '../../support/memory-rows.ts';
import { arbitraryProcessRows, optimizationEvent, processRow } from '../../support/prepare/process-rows.ts';

const hourMs = 3_600_000;
const groupOf = (row: ReleasedProcessRecord): string =>
  `${row.timestamp} ${row.time_precision_ms} ${row.name_hash}`;

function groupSizes(rows: readonly ReleasedProcessRecord[]): number[] {
  const sizes = new Map<string, number>();
  for (const row of rows) sizes.set(groupOf(row), (sizes.get(groupOf(row)) ?? 0) + 1);
  return [...sizes.values()];
}

describe('hashProcessName()', () => {
  it('gives RFC 4231 test case 1 cut to its first 64 bits', () => {
    // Key 20 × 0x0b, data "Hi There"; HMAC pads short keys with zeros, so 32 bytes give the same.
    const key = new Uint8Array(32).fill(0x0b, 0, 20);
    expect(createAnonymizer({ key }).hashProcessName('Hi There')).toBe('b0344c61d8db3853');
  });

  it('gives equal hashes for equal names, others for other names and other releases', () => {
    const [a, b] = [createAnonymizer(), createAnonymizer()];
    expect(a.hashProcessName('redis')).toBe(a.hashProcessName('redis'));
    expect(a.hashProcessName('redis')).not.toBe(a.hashProcessName('redis2'));
    expect(a.hashProcessName('redis')).not.toBe(b.hashProcessName('redis'));
  });

  it('stays right when more names pass through than it remembers', () => {
    const key = randomBytes(32);
    const anonymizer = createAnonymizer({ key });
    for (let i = 0; i < 10_000; i++) anonymizer.hashProcessName(`worker-${i}`);
    const expected = createHmac('sha256', key).update('worker-1').digest('hex').slice(0, 16);
    expect(anonymizer.hashProcessName('worker-1')).toBe(expected);
  });

  it('is not changed when the caller wipes its key', () => {
    const key = randomBytes(32);
    const anonymizer = createAnonymizer({ key });
    const before = createAnonymizer({ key: Uint8Array.from(key) }).hashProcessName('redis');
    key.fill(0);
    expect(anonymizer.hashProcessName('redis')).toBe(before);
  });
});

describe('destroyKey()', () => {
  it('makes everything that needs the key throw', () => {
    const anonymizer = createAnonymizer();
    anonymizer.hashProcessName('redis');
    anonymizer.destroyKey();
    const destroyed = expect.objectContaining({ code: 'ERR_PREPARE_KEY_DESTROYED' });
    expect(() => anonymizer.hashProcessName('redis')).toThrow(destroyed);
    expect(() => anonymizer.kAnonymize([processRow()], 1)).toThrow(destroyed);
  });

  it('is what leaving the block does', () => {
    let escaped;
    {
      using anonymizer = createAnonymizer();
      escaped = anonymizer;
    }
    expect(() => escaped.hashProcessName('redis')).toThrow(/the key of this release is destroyed/);
  });
});

describe('createAnonymizer()', () => {
  it('refuses all wrong options in one report', () => {
    const wrong = { k: 0, timePrecisionMs: 0.5, maxSuppressedShare: 2 };
    expect(() => createAnonymizer(wrong)).toThrow(/k is 0.*timePrecisionMs is 0.5.*maxSuppressedShare is 2/);
    expect(() => createAnonymizer({ key: new Uint8Array(31) })).toThrow(/31 bytes, wanted 32/);
  });
});

describe('generalizeTime()', () => {
  it('rounds down to the hour, or to the precision asked for', () => {
    const time = mondayMs + 5 * hourMs + 1234;
    expect(createAnonymizer().generalizeTime(time)).toBe(mondayMs + 5 * hourMs);
    expect(createAnonymizer({ timePrecisionMs: 1000 }).generalizeTime(time)).toBe(
      mondayMs + 5 * hourMs + 1000,
    );
  });
});

describe('stripPaths()', () => {
  it('strips the free text of a record and leaves the rest', () => {
    const event = optimizationEvent({ error: 'cannot open /home/alice/notes.txt', model_version: 'a/b@1' });
    const stripped = createAnonymizer().stripPaths(event);
    expect(stripped).toEqual({ ...event, error: 'cannot open <path>' });
  });
});

describe('kAnonymize()', () => {
  it('leaves every group with at least k rows, and loses only what it counts', () => {
    fc.assert(
      fc.property(arbitraryProcessRows, fc.integer({ min: 1, max: 8 }), (rows, k) => {
        const { rows: released, report } = createAnonymizer({ maxSuppressedShare: 1 }).kAnonymize(rows, k);
        const sizes = groupSizes(released);
        expect(sizes.every((size) => size >= k)).toBe(true);
        expect(report.k).toEqual({ asked: k, reached: sizes.length > 0 ? Math.min(...sizes) : null });
        expect(report.groups).toBe(sizes.length);
        expect(report.rows.in).toBe(rows.length);
        expect(report.rows.released).toBe(released.length);
        expect(report.rows.released + report.rows.suppressed).toBe(rows.length);
        expect(report.rows.generalized).toBe(
          released.filter((row) => row.name_hash === null || row.time_precision_ms > hourMs).length,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('says of each time how far it was rounded', () => {
    fc.assert(
      fc.property(arbitraryProcessRows, (rows) => {
        // k = 1 suppresses nothing, so rows keep their places.
        const { rows: released } = createAnonymizer().kAnonymize(rows, 1);
        released.forEach(({ timestamp, time_precision_ms }, i) => {
          expect(rows[i]!.timestamp - timestamp).toBeGreaterThanOrEqual(0);
          expect(rows[i]!.timestamp - timestamp).toBeLessThan(time_precision_ms);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('takes the hour first, then the day, then the name, and drops what is left', () => {
    const at = (hour: number, name: string, count: number) =>
      Array.from({ length: count }, (_, i) => processRow({ timestamp: mondayMs + hour * hourMs + i, name }));
    const rows = [...at(1, 'often', 5), ...at(2, 'daily', 3), ...at(3, 'daily', 2), ...at(4, 'rare', 4)];
    const { rows: released, report } = createAnonymizer().kAnonymize(rows);
    const shown = released.map(({ timestamp, time_precision_ms, name_hash }) => [
      (timestamp - mondayMs) / hourMs,
      time_precision_ms / hourMs,
      name_hash !== null,
    ]);
    expect(new Set(shown.map(String))).toEqual(new Set(['1,1,true', '0,24,true']));
    expect(report.rows).toEqual({ in: 14, released: 10, suppressed: 4, generalized: 5 });
  });

  it('refuses a release that would lose more than half, and says how many rows and what to do', () => {
    const rows = [processRow({ name: 'a' }), processRow({ name: 'b' })];
    expect(() => createAnonymizer().kAnonymize(rows)).toThrow(
      expect.objectContaining({
        code: 'ERR_PREPARE_PRIVACY_K',
        message: expect.stringMatching(/"process" with k = 5: 2 of 2 rows .*; take a larger range/),
        details: expect.objectContaining({ k: 5, rows: 2, suppressed: 2 }),
      }),
    );
  });

  it('releases nothing of nothing', () => {
    const { rows, report } = createAnonymizer().kAnonymize([]);
    expect(rows).toEqual([]);
    expect(report).toMatchObject({ k: { asked: 5, reached: null }, groups: 0 });
  });

  it('numbers processes anew, the same for every row of one, and keeps no start time', () => {
    const rows = [1, 2, 3].flatMap((pid) =>
      [7000 + pid, 7000 + pid, 9000].map((start_time_ticks) => processRow({ pid, start_time_ticks })),
    );
    const { rows: released } = createAnonymizer().kAnonymize(rows);
    const numbers = released.map(({ pid }) => pid);
    expect(numbers[0]).toBe(numbers[1]);
    expect(new Set(numbers).size).toBe(6);
    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(released[0]).not.toHaveProperty('start_time_ticks');
    expect(released[0]).not.toHaveProperty('name');
  });

  it('gives the same rows again with the same key, other numbers and hashes with another', () => {
    const rows = Array.from({ length: 100 }, (_, i) => processRow({ pid: i + 1, start_time_ticks: i }));
    const key = randomBytes(32);
    const [once, again, other] = [key, key, randomBytes(32)].map(
      (used) => createAnonymizer({ key: used }).kAnonymize(rows).rows,
    );
    expect(again).toEqual(once);
    expect(other!.map(({ pid }) => pid)).not.toEqual(once!.map(({ pid }) => pid));
    expect(other![0]!.name_hash).not.toBe(once![0]!.name_hash);
  });
});
