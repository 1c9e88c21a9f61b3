// Makes the labelled series of test/fixtures/nab, in NAB's layout: `node test/support/dag/build-nab-fixture.ts`. A test
// makes them again and compares. Latencies are lognormal, as real ones are; a window has 50 rows, and
// what is wrong begins in its first tenth.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRandom } from '../random.ts';
import { createNormal } from './plans.ts';

const ROWS = 1000;
const WINDOW_ROWS = 50;
const START_MS = Date.UTC(2026, 0, 5);
const STEP_MS = 60_000;

/** Value of a row without what is wrong. */
type Base = (row: number, normal: () => number) => number;
/** What is wrong makes another value of it. @param at rows since it began */
type Fault = (value: number, at: number) => number;

interface Recipe {
  readonly base: Base;
  readonly fault: Fault;
  /** Rows with which faults begin. */
  readonly begins: readonly number[];
  readonly rows: number;
}

const lognormal =
  (median: number, sigma: number): Base =>
  (_row, normal) =>
    median * Math.exp(sigma * normal());

/** What the series are called and made of. */
const recipes: Readonly<Record<string, Recipe>> = {
  'latency-calm': { base: lognormal(12, 0.2), fault: (value) => value, begins: [], rows: 0 },
  'latency-spikes': { base: lognormal(12, 0.2), fault: (value) => value * 4, begins: [400, 750], rows: 3 },
  'latency-shift': { base: lognormal(12, 0.2), fault: (value) => value * 1.8, begins: [600], rows: 400 },
  'latency-drift': {
    base: lognormal(12, 0.2),
    fault: (value, at) => value * (1 + at / 100),
    begins: [500],
    rows: 120,
  },
  'throughput-drop': {
    base: (_row, normal) => 900 + 40 * normal(),
    fault: (value) => value * 0.6,
    begins: [330, 680],
    rows: 10,
  },
  'queue-daily': {
    base: (row, normal) => 50 + 20 * Math.sin((2 * Math.PI * row) / 250) + 3 * normal(),
    fault: (value) => value + 60,
    begins: [560],
    rows: 6,
  },
};

/** The files, by their path below the folder. */
export function buildNabFixture(seed = 20_261_129): Map<string, string> {
  const files = new Map<string, string>();
  const windows: Record<string, [string, string][]> = {};
  Object.entries(recipes).forEach(([name, recipe], number) => {
    const normal = createNormal(createRandom(seed + number));
    const rows = Array.from({ length: ROWS }, (_, row) => {
      const value = recipe.base(row, normal);
      const begin = recipe.begins.findLast((at) => at <= row && row < at + recipe.rows);
      return `${toTimestamp(row)},${(begin === undefined ? value : recipe.fault(value, row - begin)).toFixed(4)}`;
    });
    const series = `synthetic/${name}.csv`;
    files.set(`data/${series}`, `timestamp,value\n${rows.join('\n')}\n`);
    windows[series] = recipe.begins.map((begin) => {
      // Drifts begin unseen: their window starts with them.
      const first = recipe.rows > WINDOW_ROWS ? begin : begin - 5;
      return [`${toTimestamp(first)}.000000`, `${toTimestamp(first + WINDOW_ROWS - 1)}.000000`];
    });
  });
  files.set('labels/combined_windows.json', `${JSON.stringify(windows, null, 4)}\n`);
  return files;
}

function toTimestamp(row: number): string {
  return new Date(START_MS + row * STEP_MS).toISOString().slice(0, 19).replace('T', ' ');
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../fixtures/nab');
  for (const [path, text] of buildNabFixture()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
