// The score of the Numenta Anomaly Benchmark: test/golden/dag/nab-scores.json is what NAB's own scorer (numenta/NAB
// at ea702d7) gave for the same detections on the same series.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nabProfiles, scoreNab } from '../../../src/dag/healing/index.ts';
import { buildNabFixture } from '../../support/dag/build-nab-fixture.ts';
import { readNabFixture, scoreWithDetector } from '../../support/dag/nab-fixture.ts';

interface Golden {
  readonly best: { raw: number; threshold: number; score: number; falseDetections: number };
  readonly atThreeDeviations: { raw: number; score: number; falseDetections: number };
}

const fixtures = join(import.meta.dirname, '../../fixtures/nab');
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../golden/dag/nab-scores.json'), 'utf8'),
) as Record<keyof typeof nabProfiles, Golden>;
const scored = readNabFixture().map((series) => scoreWithDetector(series));

describe('scoreNab()', () => {
  it.each(Object.keys(nabProfiles) as (keyof typeof nabProfiles)[])(
    "gives NAB's own scores when the profile is %s",
    (name) => {
      const { best, atThreeDeviations } = golden[name];
      const profile = nabProfiles[name];
      const ours = scoreNab(scored, { profile });
      expect(ours.threshold).toBe(best.threshold);
      expect(ours.falseDetections).toBe(best.falseDetections);
      expect(ours.raw).toBeCloseTo(best.raw, 10);
      expect(ours.score).toBeCloseTo(best.score, 9);
      const fixed = scoreNab(scored, { profile, threshold: 0.75 });
      expect(fixed.falseDetections).toBe(atThreeDeviations.falseDetections);
      expect(fixed.raw).toBeCloseTo(atThreeDeviations.raw, 10);
      expect(fixed.score).toBeCloseTo(atThreeDeviations.score, 9);
    },
  );
});

describe('buildNabFixture()', () => {
  it('makes the files that are there when its seed is the same', () => {
    const files = buildNabFixture();
    expect(files.size).toBe(7);
    for (const [path, text] of files) expect(readFileSync(join(fixtures, path), 'utf8')).toBe(text);
  });
});
