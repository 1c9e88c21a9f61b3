import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/prepare/canonical-json.ts';
import { buildFeatureSpec, featureNames, featureSpecSha256 } from '../../../src/prepare/index.ts';

describe('buildFeatureSpec()', () => {
  it('begins with the eight features of the export document, in its order', () => {
    expect(buildFeatureSpec().names.slice(0, 8)).toEqual([
      'usage_percent',
      'usage_trend',
      'process_count',
      'top_process_percent',
      'page_file_ratio',
      'time_of_day',
      'day_of_week',
      'minutes_since_last_opt',
    ]);
  });

  it('scales its windows with the interval', () => {
    expect(buildFeatureSpec()).toMatchObject({
      rateWindowMs: 10_000,
      trendWindowMs: 60_000,
      maxGapMs: 20_000,
    });
    expect(buildFeatureSpec({ intervalMs: 50 })).toMatchObject({ rateWindowMs: 500, trendWindowMs: 3000 });
  });

  it('reports every mistake at once', () => {
    const build = () =>
      buildFeatureSpec({ rateWindowMs: -1, trendWindowMs: Number.NaN, names: ['luck', 'luck'] });
    expect(build).toThrow(/rateWindowMs is -1.*trendWindowMs is NaN.*"luck".*twice/);
    expect(() => buildFeatureSpec({ rateWindowMs: 5000, trendWindowMs: 1000 })).toThrow(
      /at least rateWindowMs/,
    );
  });
});

describe('featureSpecSha256()', () => {
  it('is equal for equal specifications, also after a trip through JSON', () => {
    const spec = buildFeatureSpec();
    const travelled = JSON.parse(JSON.stringify({ ...spec, names: spec.names }));
    expect(featureSpecSha256(travelled)).toBe(featureSpecSha256(spec));
  });

  it('differs when a window, a name or the order differs', () => {
    const reversed = [...featureNames].reverse();
    const hashes = [
      buildFeatureSpec(),
      buildFeatureSpec({ intervalMs: 50 }),
      buildFeatureSpec({ names: reversed }),
      buildFeatureSpec({ names: featureNames.slice(1) }),
    ].map(featureSpecSha256);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('canonicalJson()', () => {
  it('sorts keys at every depth and keeps the order of lists', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'é' }, u: undefined })).toBe(
      '{"a":{"c":"é","d":null},"b":[2,1]}',
    );
  });
});
