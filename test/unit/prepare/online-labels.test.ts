import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  createFeatureExtractor,
  createLastActionReader,
  createOnlineLabeler,
  createSampleBuilder,
  labelSnapshots,
  unlabelled,
} from '../../../src/prepare/index.ts';
import { readCapture } from '../../support/collect/capture-fixture.ts';
import { mondayMs, snapshots } from '../../support/memory-rows.ts';

const capture = readCapture();

/** Labels by position, as the labeler gives them while rows come one by one; -1 for those that never came. */
function labelOnline(rows: readonly MemorySnapshot[], horizonMs: number, maxGapMs: number): number[] {
  const labeler = createOnlineLabeler<number>({ horizonMs, maxGapMs });
  const found = rows.map(() => unlabelled);
  rows.forEach((row, at) => {
    for (const { mark, label } of labeler.observe(row)) found[mark] = label;
    labeler.open(at);
  });
  return found;
}

describe('createOnlineLabeler()', () => {
  it('labels a real capture as the training set does', () => {
    const wanted = [...labelSnapshots(capture, { horizonMs: 60_000, maxGapMs: 20_000 })];
    expect(labelOnline(capture, 60_000, 20_000)).toEqual(wanted);
    expect(new Set(wanted).size).toBeGreaterThan(1);
  });

  it('labels as the training set does with pauses, reboots and steps of the clock in between', () => {
    const change = fc.record({
      at: fc.integer({ min: 1, max: 299 }),
      kind: fc.constantFrom('pause', 'reboot', 'step back', 'drop'),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 4 }),
        fc.integer({ min: 3, max: 90 }),
        fc.integer({ min: 0, max: capture.length - 300 }),
        (changes, horizonSeconds, from) => {
          let rows = capture.slice(from, from + 300).map((row) => ({ ...row }));
          for (const { at, kind } of changes) {
            if (kind === 'drop') rows = rows.filter((_, i) => i !== at);
            const shiftMs = { pause: 30_000, 'step back': -20_000, reboot: 0, drop: 0 }[kind];
            rows = rows.map((row, i) => (i < at ? row : { ...row, timestamp: row.timestamp + shiftMs }));
            if (kind === 'reboot') rows = rows.map((row, i) => (i < at ? row : { ...row, oom_kill: -1 }));
          }
          const options = {
            horizonMs: horizonSeconds * 1000,
            maxGapMs: Math.min(20_000, horizonSeconds * 1000),
          };
          expect(labelOnline(rows, options.horizonMs, options.maxGapMs)).toEqual([
            ...labelSnapshots(rows, options),
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says of a sample whether an action reaches it, as the training set does', () => {
    const rows = snapshots(60);
    const actions = [20_000, 33_400].map((ms) => mondayMs + ms);
    const labeler = createOnlineLabeler<number>({ horizonMs: 5000, actionEffectMs: 2000 });
    const acted: number[] = [];
    const seen: number[] = [];
    rows.forEach((row, second) => {
      for (const action of actions) {
        // An action is known before the first snapshot after it.
        if (action > row.timestamp - 1000 && action <= row.timestamp) labeler.noteAction(action);
      }
      for (const { mark, isActed } of labeler.observe(row)) {
        seen.push(mark);
        if (isActed) acted.push(mark);
      }
      labeler.open(second);
    });
    expect(seen).toHaveLength(55);
    expect(acted).toEqual([15, 16, 17, 18, 19, 20, 21, 29, 30, 31, 32, 33, 34, 35]);
  });
});

describe('createLastActionReader()', () => {
  it('gives back the time that the features were computed with', () => {
    const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000 });
    const extractor = createFeatureExtractor(spec);
    const read = createLastActionReader(spec);
    for (const row of snapshots(5)) {
      const lastOptimizationMs = row.timestamp - 754_321;
      const features = extractor.push(row, { lastOptimizationMs });
      if (features) expect(Math.abs(read(features, row.timestamp)! - lastOptimizationMs)).toBeLessThan(10);
    }
    const never = extractor.push(snapshots(6)[5]!, { lastOptimizationMs: null })!;
    expect(read(never, mondayMs + 5000)).toBeNull();
  });
});

describe('createSampleBuilder()', () => {
  it("gives the document's eight features, whole where it wants whole numbers", () => {
    const spec = buildFeatureSpec();
    const extractor = createFeatureExtractor(spec);
    let row: Float32Array | null = null;
    for (const snapshot of capture.slice(0, 100))
      row = extractor.push(snapshot, { lastOptimizationMs: null });
    const { features, label } = createSampleBuilder(spec)(row!, 3);
    expect(label).toBe('Critical');
    expect(features.usage_percent).toBe(row![spec.names.indexOf('usage_percent')]);
    expect(Number.isInteger(features.minutes_since_last_opt)).toBe(true);
    expect(Object.keys(features)).toHaveLength(8);
  });

  it('refuses a specification that lacks one of them', () => {
    const spec = buildFeatureSpec({ names: ['usage_percent'] });
    expect(() => createSampleBuilder(spec)).toThrow(/"usage_trend" is not computed/);
  });
});
