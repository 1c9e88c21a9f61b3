// The labelled series of test/fixtures/nab, and what a detector makes of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnomalyDetector, parseNabSeries, parseNabWindows } from '../../../src/dag/healing/index.ts';
import type { AnomalyOptions, LabelledSeries, ScoredSeries } from '../../../src/dag/healing/index.ts';

const folder = join(import.meta.dirname, '../../fixtures/nab');

/** All series. */
export function readNabFixture(): LabelledSeries[] {
  const labels = 'labels/combined_windows.json';
  const windows = parseNabWindows(labels, readFileSync(join(folder, labels), 'utf8'));
  return Object.keys(windows).map((name) =>
    parseNabSeries(name, readFileSync(join(folder, 'data', name), 'utf8'), windows),
  );
}

/** Scores of a detector, mapped to 0–1 as NAB has them: |z| / (1 + |z|). */
export function scoreWithDetector(series: LabelledSeries, options: AnomalyOptions = {}): ScoredSeries {
  const detector = new AnomalyDetector(series.name, options);
  const scores = series.values.map((value) => {
    detector.observe(value);
    const distance = Math.abs(detector.score);
    return distance === Infinity ? 1 : distance / (1 + distance);
  });
  return { series, scores };
}
