import { describe, expect, it } from 'vitest';
import { planRetention } from '../../../src/store/retention.ts';
import type { RetentionLimits, RetentionPlan } from '../../../src/store/retention.ts';
import { agesOf } from '../../../src/store/segment-ages.ts';
import type { Segment } from '../../../src/store/segment-files.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SIX_HOURS_MS = 6 * HOUR_MS;
const unlimited = { retainMs: Infinity, retainBytes: Infinity };

function segment(fields: Partial<Segment> & { readonly toMs: number }): Segment {
  const { toMs } = fields;
  return {
    path: String(toMs),
    fromMs: toMs - HOUR_MS + 1000,
    rows: 3600,
    sizeBytes: 10,
    generations: [1],
    groups: [],
    ...fields,
  };
}

/** Hours of rows that end at `endMs`, sealed by a history whose clock stood at 0 before the first. */
function hours(count: number, endMs: number): Segment[] {
  return Array.from({ length: count }, (_, i) =>
    segment({
      toMs: endMs - (count - 1 - i) * HOUR_MS,
      generations: [i + 1],
      historyMs: (i + 1) * HOUR_MS,
    }),
  );
}

interface Case {
  readonly memory: readonly Segment[];
  readonly process?: readonly Segment[];
  readonly historyMs: number;
  readonly wallMs: number;
  readonly limits?: Partial<RetentionLimits>;
}

function plan({ memory, process = [], historyMs, wallMs, limits }: Case): RetentionPlan {
  const kinds = { memory, process };
  return planRetention({
    kinds,
    ages: agesOf(kinds, historyMs),
    wallMs,
    limits: { ...unlimited, ...limits },
  });
}

const NOW_MS = Date.UTC(2026, 0, 1);
const nothing = { segments: 0, rows: 0 };

describe('planRetention() by age', () => {
  const memory = hours(100, NOW_MS);
  const limits = { retainMs: 30 * DAY_MS };

  it.each([
    ['is right', 0],
    ['is an hour ahead', HOUR_MS],
    ['is 40 days ahead', 40 * DAY_MS],
    ['is 10 years ahead', 3652 * DAY_MS],
    ['says 2100', Date.UTC(2100, 0, 1) - NOW_MS],
    ['says 1970', -NOW_MS],
  ])('planRetention() removes nothing of four days when the wall clock %s', (_, byMs) => {
    const planned = plan({ memory, historyMs: 100 * HOUR_MS, wallMs: NOW_MS + byMs, limits });
    expect(planned.remove).toEqual([]);
    expect(planned.later).toEqual(nothing);
    expect(planned.unconfirmed.rows).toBe(byMs > 30 * DAY_MS ? 360_000 : 0);
  });

  it('planRetention() keeps about 30 days of a history that ran on', () => {
    let kept: Segment[] = [];
    for (let endMs = SIX_HOURS_MS; endMs <= 45 * DAY_MS; endMs += SIX_HOURS_MS) {
      const generations = [endMs / SIX_HOURS_MS];
      kept.push(segment({ toMs: endMs, rows: 21_600, generations, historyMs: endMs }));
      const { remove } = plan({ memory: kept, historyMs: endMs, wallMs: endMs, limits });
      expect(remove.length).toBeLessThanOrEqual(1);
      kept = kept.filter((each) => !remove.includes(each));
    }
    expect(kept).toHaveLength(30 * 4 + 1);
    expect(kept[0]!.toMs).toBe(15 * DAY_MS);
  });

  it('planRetention() removes by running time though the wall clock was set back', () => {
    const { remove } = plan({ memory, historyMs: 31 * DAY_MS, wallMs: 0, limits });
    expect(remove[0]).toBe(memory[0]);
  });

  it('planRetention() removes a tenth of a kind at a time, the oldest first, when a limit was lowered', () => {
    const planned = plan({
      memory,
      historyMs: 100 * HOUR_MS,
      wallMs: NOW_MS,
      limits: { retainMs: 10 * HOUR_MS },
    });
    expect(planned.remove).toEqual(memory.slice(0, 10));
    expect(planned.later).toEqual({ segments: 79, rows: 79 * 3600 });
  });

  it('planRetention() counts the share by kind, so that many rows of one do not cost all of another', () => {
    const process = hours(3, NOW_MS).map((each) => ({ ...each, rows: 1_000_000 }));
    const planned = plan({
      memory: memory.slice(0, 5),
      process,
      historyMs: 1000 * HOUR_MS,
      wallMs: NOW_MS,
      limits: { retainMs: HOUR_MS },
    });
    expect(planned.remove).toEqual([memory[0], process[0]]);
  });
});

describe('planRetention() by bytes', () => {
  it('planRetention() takes the oldest by running time until the rest fits, whatever their timestamps', () => {
    const [first, second, third] = hours(3, NOW_MS) as [Segment, Segment, Segment];
    const early = { ...third, toMs: 5, fromMs: 0 };
    const memory = [early, second, first];
    const planned = plan({ memory, historyMs: 4 * HOUR_MS, wallMs: NOW_MS, limits: { retainBytes: 15 } });
    expect(planned.remove).toEqual([first]);
    expect(planned.later).toEqual({ segments: 1, rows: 3600 });
  });
});

/** As an earlier release wrote it. */
function withoutReading(sealed: Segment): Segment {
  const { historyMs, ...rest } = sealed;
  expect(historyMs).toBeDefined();
  return rest;
}

describe('agesOf() segments of earlier releases', () => {
  const legacy = (count: number): Segment[] => hours(count, NOW_MS).map(withoutReading);

  it('agesOf() takes the rows that came later for the time they took', () => {
    const memory = legacy(48);
    const ages = agesOf({ memory }, 0);
    expect(ages.get(memory[47]!)).toBe(0);
    expect(ages.get(memory[0]!)! / HOUR_MS).toBeCloseTo(47, 0);
  });

  it('agesOf() is not moved by rows of a clock that was decades ahead or behind', () => {
    const memory = legacy(48);
    const stepped = memory.map((each, i) => {
      if (i === 20) return { ...each, toMs: Date.UTC(2100, 0, 1) };
      return i === 30 ? { ...each, fromMs: 0 } : each;
    });
    const ages = agesOf({ memory: stepped }, 0);
    expect(ages.get(stepped[0]!)! / HOUR_MS).toBeGreaterThan(46);
    expect(ages.get(stepped[0]!)! / HOUR_MS).toBeLessThan(49);
  });

  it('agesOf() goes on from the oldest segment that knows its age', () => {
    const memory = [...legacy(2), segment({ toMs: NOW_MS + HOUR_MS, generations: [3], historyMs: 500 })];
    const ages = agesOf({ memory }, 500 + DAY_MS);
    expect(ages.get(memory[2]!)).toBe(DAY_MS);
    expect(ages.get(memory[0]!)).toBeGreaterThan(DAY_MS + HOUR_MS);
  });

  it('agesOf() places other kinds beside the memory rows of their time', () => {
    const memory = legacy(10);
    const process = [
      segment({ toMs: memory[3]!.toMs }),
      segment({ toMs: 0 }),
      segment({ toMs: Date.UTC(2100, 0, 1) }),
    ];
    const ages = agesOf({ memory, process }, 0);
    expect(process.map((each) => ages.get(each))).toEqual([
      ages.get(memory[3]!),
      ages.get(memory[0]!),
      ages.get(memory[9]!),
    ]);
  });

  it('agesOf() gives no age to other kinds of a history without memory rows', () => {
    const process = [segment({ toMs: 0 })];
    expect([...agesOf({ process }, 1e9).values()]).toEqual([0]);
  });
});
