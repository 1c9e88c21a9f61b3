// Rows of one window as models of another take them.
import { expect, it } from 'vitest';
import { rowsTakenBy } from '../../../src/models/window-rows.ts';
import type { AskedRows } from '../../../src/models/window-rows.ts';

const columns = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `f${i}`, dtype: 'float32' as const }));
const window = (steps: number, everyMs = 1000) => ({ steps, everyMs });

/** Rows of two features over `steps`; each value says row, step and feature. */
function source(rows: number, steps: number, others: AskedRows['others'] = []): AskedRows {
  const features = new Float32Array(rows * steps * 2);
  for (let i = 0; i < features.length; i++) {
    const [row, column] = [Math.floor(i / (steps * 2)), i % (steps * 2)];
    features[i] = row * 100 + Math.floor(column / 2) * 10 + (column % 2);
  }
  const held = { rows, timestamps: null, features, labels: new Int8Array(rows), baselines: {} };
  return { rows: held, window: steps === 1 ? undefined : window(steps), others };
}

it('rowsTakenBy() gives a model without a window the newest step of each row', () => {
  const taken = rowsTakenBy({ features: columns(2) }, source(2, 3));
  expect([...taken.features]).toEqual([20, 21, 120, 121]);
  expect(taken.found).toBeNull();
});

it('rowsTakenBy() gives a model of a coarser window its steps, oldest first', () => {
  const taken = rowsTakenBy({ features: columns(4), window: window(2, 2000) }, source(2, 3));
  expect([...taken.features]).toEqual([0, 1, 20, 21, 100, 101, 120, 121]);
});

it('rowsTakenBy() gives a model of the same window the rows as they are', () => {
  const rows = source(2, 3);
  expect(rowsTakenBy({ features: columns(6), window: window(3) }, rows).features).toBe(rows.rows.features);
});

it('rowsTakenBy() takes what the rows do not hold from the history, where that has the very row', () => {
  // The history lacks row 1, and its row 2 is another host's.
  const features = Float32Array.from([7, 8, 0, 1, 0, 0, 0, 0, 7, 8, 200, 999]);
  const other = { window: window(2), features, found: Uint8Array.from([1, 0, 1]) };
  const taken = rowsTakenBy({ features: columns(4), window: window(2) }, source(3, 1, [other]));
  expect(taken.features).toBe(features);
  expect([...taken.found!]).toEqual([1, 0, 0]);
});

it('rowsTakenBy() can ask nothing of a model whose window neither rows nor history hold', () => {
  const taken = rowsTakenBy({ features: columns(4), window: window(2) }, source(2, 1));
  expect([...taken.found!]).toEqual([0, 0]);
});
