// Which stages run together, and where. Nothing runs here.
import { describe, expect, it } from 'vitest';
import { explainLegs } from '../../../src/pipeline/plan/explain.ts';
import { planLegs } from '../../../src/pipeline/plan/legs.ts';
import { placeStage } from '../../../src/pipeline/plan/pipeline-parts.ts';
import type { AnyStage, PlacedStage } from '../../../src/pipeline/plan/pipeline-parts.ts';
import type { NativeSource, NativeStage } from '../../../src/pipeline/index.ts';

const native = (name: string, scope: NativeStage['scope'], more: Partial<NativeStage> = {}): NativeStage => ({
  name,
  scope,
  apply: (frame) => frame,
  ...more,
});
const row = native('row', 'row');
const table = native('table', 'table');
const learning = native('learn', 'table', { learnsFrom: 'rows', learn: async () => row });
const batches: AnyStage = (batch) => batch;
const worker: AnyStage = {
  name: 'worker',
  runsInWorkers: true,
  open: async () => ({ transform: (batch) => batch }),
};

const place = (stages: readonly AnyStage[]): PlacedStage[] =>
  stages.reduce<PlacedStage[]>((placed, stage) => {
    const taken = placed.map(({ name }) => name);
    return [...placed, placeStage(stage, {}, taken)];
  }, []);

/** Each leg as the stages that run in it. */
function runsOf(stages: readonly AnyStage[], isSourceNative: boolean, isSinkNative: boolean): string[] {
  const ends = { isSourceNative, isSinkNative };
  const explained = explainLegs(planLegs(place(stages), ends), { source: 'in', sink: 'out', ...ends });
  return [...new Set(explained.map(({ leg }) => leg))].map((leg) =>
    explained
      .filter((stage) => stage.leg === leg)
      .map(({ name, runs }) => `${name}:${runs}`)
      .join(' '),
  );
}

describe('planLegs()', () => {
  it('makes one plan of native stages between files', () => {
    expect(runsOf([row, table, learning], true, true)).toEqual([
      'in:plan row:plan table:plan learn:plan out:plan',
    ]);
    expect(runsOf([], true, true)).toEqual(['in:plan out:plan']);
  });

  it('reads a plan into batches, and batches into batches', () => {
    expect(runsOf([table, batches], true, false)).toEqual([
      'in:plan table:plan transform:batches out:batches',
    ]);
    expect(runsOf([worker, row], false, false)).toEqual(['in:batches worker:worker row:batches out:batches']);
  });

  it('hands batches to a plan through a file where a stage has to see all rows', () => {
    expect(runsOf([batches, row, learning, batches], false, false)).toEqual([
      'in:batches transform:batches temporary file:batches',
      'temporary file:plan row:plan learn:plan transform 2:batches out:batches',
    ]);
  });

  it('lets the plan that writes the file compute the stages in front of it', () => {
    expect(runsOf([batches, row], true, true)).toEqual([
      'in:plan transform:batches temporary file:batches',
      'temporary file:plan row:plan out:plan',
    ]);
    expect(runsOf([], false, true)).toEqual([
      'in:batches temporary file:batches',
      'temporary file:plan out:plan',
    ]);
  });
});

describe('explainLegs()', () => {
  const other: NativeSource = { name: 'users', partitions: async () => [] };
  const joined = native('join', 'row', { inputs: [other], holdsRows: true });
  const unread = native('select', 'table', { learnsFrom: 'columns', learn: async () => row });
  const whyOf = (stages: readonly AnyStage[], name: string, isSourceNative: boolean): string[] => {
    const ends = { isSourceNative, isSinkNative: false };
    return explainLegs(planLegs(place(stages), ends), { source: 'in', sink: 'out', ...ends })
      .filter((stage) => stage.name === name)
      .map(({ why }) => why);
  };

  it.each([
    [
      joined,
      'reads another table beside its rows',
      'row by row, beside "users"; holds the rows it is given in memory',
    ],
    [learning, 'learns from all rows first', 'learns from all rows first, then row by row'],
    [table, 'has to see all rows', 'looks at other rows: the whole table'],
    [unread, 'may have to see all rows', 'its columns are known while it runs'],
  ])(
    'gives one reason for $name at the stage and where its rows are handed to a plan',
    (stage, spooled, why) => {
      expect(whyOf([batches, stage], 'temporary file', false)[0]).toBe(`stage "${stage.name}" ${spooled}`);
      expect(whyOf([batches, stage], stage.name, false)).toEqual([why]);
    },
  );

  it('says partition by partition only where partitions are left', () => {
    expect(whyOf([row, learning, joined], 'row', true)).toEqual(['row by row, partition by partition']);
    expect(whyOf([row, learning, joined], 'join', true)[0]).toMatch(
      /^row by row, partition by partition, beside/,
    );
    expect(whyOf([table, row], 'row', true)).toEqual(['row by row']);
    expect(whyOf([unread, row], 'row', true)).toEqual(['row by row']);
    expect(whyOf([batches, table, row], 'row', false)).toEqual(['row by row']);
  });
});

describe('placeStage()', () => {
  it('gives each stage a name of its own, which its errors bear', () => {
    const failing = native('filter', 'row', {
      apply: () => {
        throw Object.assign(new Error('not of this room'), {});
      },
    });
    const placed = place([failing, failing, batches, batches]);
    expect(placed.map(({ name }) => name)).toEqual(['filter', 'filter 2', 'transform', 'transform 2']);
    expect(placed.map(({ stage }) => stage.name)).toEqual(['filter', 'filter 2', 'transform', 'transform 2']);
  });
});
