// What the makers of stages take, and what they refuse before anything runs.
import { describe, expect, it } from 'vitest';
import {
  asOfStrategies,
  bin,
  cast,
  castTypes,
  dropValues,
  fileSource,
  fill,
  groupBy,
  jitter,
  join,
  joinKinds,
  joinOnTime,
  normalize,
  normalizeMethods,
  sample,
  sort,
  sourceFormats,
  windowed,
  windowFunctions,
} from '../../../src/pipeline/index.ts';

const other = fileSource('other.parquet');
const refused = expect.objectContaining({ code: 'ERR_PIPELINE_OPTION' });

describe('makers of stages', () => {
  it('cast() takes the types of its list, joinOnTime() the strategies, and so on', () => {
    for (const type of castTypes) expect(cast({ a: type }).scope).toBe('row');
    for (const method of normalizeMethods)
      expect(normalize({ columns: ['a'], method }).learnsFrom).toBe('rows');
    for (const called of windowFunctions) {
      expect(windowed({ over: { rows: 2 }, aggregates: [{ column: 'a', function: called }] }).scope).toBe(
        'table',
      );
    }
    for (const how of joinKinds) {
      expect(join({ with: other, on: ['a'], how }).scope).toBe(how === 'full' ? 'table' : 'row');
    }
    for (const strategy of asOfStrategies) {
      expect(joinOnTime({ with: other, on: 't', strategy }).inputs).toEqual([other]);
    }
    for (const format of sourceFormats) expect(fileSource('a file', { format }).format).toBe(format);
  });

  const wrong: Record<string, () => unknown> = {
    'cast() a type that is none': () => cast({ a: 'Integer' as never }),
    'normalize() an unknown method': () => normalize({ columns: ['a'], method: 'mean' as never }),
    'normalize() scales that lack a column': () =>
      normalize({ columns: ['a', 'b'], method: 'z-score', scales: { a: { center: 0, scale: 1 } } }),
    'bin() both edges and quantiles': () => bin({ column: 'a', edges: [1], quantiles: 4 }),
    'bin() neither': () => bin({ column: 'a' }),
    'bin() edges that do not rise': () => bin({ column: 'a', edges: [1, 1] }),
    'bin() no bins': () => bin({ column: 'a', quantiles: 0 }),
    'windowed() no rows': () =>
      windowed({ over: { rows: 0 }, aggregates: [{ column: 'a', function: 'sum' }] }),
    'windowed() nothing to compute': () => windowed({ over: { rows: 1 }, aggregates: [] }),
    'join() no column': () => join({ with: other, on: [] }),
    'joinOnTime() a tolerance that is none': () => joinOnTime({ with: other, on: 't', toleranceMs: -1 }),
    'groupBy() no column': () => groupBy({ by: [], aggregates: ['sum(a) as a'] }),
    'sort() no column': () => sort({ by: [] }),
    'sample() each zeroth row': () => sample({ every: 0 }),
    'sample() more than all rows': () => sample({ share: 1.1, seed: 1 }),
    'sample() a grid of no width': () => sample({ column: 't', ms: 0 }),
    'jitter() a deviation below 0': () => jitter({ columns: ['a'], deviation: -1, seed: 1 }),
    'dropValues() NaN of the values': () => dropValues({ columns: ['a'], share: NaN, seed: 1 }),
  };
  it.each(Object.keys(wrong))('stageOptionError() is what refuses: %s', (name) => {
    expect(wrong[name]).toThrow(refused);
  });

  it('fill() cannot be applied before it has learned', () => {
    const stage = fill({ columns: ['a'], with: 'mean' });
    expect(() => stage.apply({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PIPELINE_NOT_LEARNED' }),
    );
  });
});
