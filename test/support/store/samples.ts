// Training samples for tests: numbered ones, so that a lost or doubled one is seen, and arbitrary ones.
import * as fc from 'fast-check';
import { labels } from '../../../src/core/index.ts';
import type { TrainingSample } from '../../../src/core/index.ts';

/** The sample that carries `number` in its process_count. */
export function numberedSample(number: number): TrainingSample {
  return {
    features: {
      usage_percent: Math.fround(12.34 + number / 7),
      usage_trend: Math.fround(-0.1),
      process_count: number,
      top_process_percent: 3,
      page_file_ratio: 0,
      time_of_day: number % 24,
      day_of_week: number % 7,
      minutes_since_last_opt: 1440,
    },
    label: labels[number % labels.length]!,
  };
}

/** The numbers that samples carry. */
export const numbersOf = (samples: Iterable<TrainingSample>): number[] =>
  Array.from(samples, (sample) => sample.features.process_count);

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

/** Any sample the format can hold. */
export const arbitrarySample: fc.Arbitrary<TrainingSample> = fc.record({
  features: fc.record({
    usage_percent: float,
    usage_trend: float,
    process_count: fc.integer({ min: 0, max: 0xffff_ffff }),
    top_process_percent: float,
    page_file_ratio: float,
    time_of_day: fc.integer({ min: 0, max: 255 }),
    day_of_week: fc.integer({ min: 0, max: 255 }),
    minutes_since_last_opt: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
  label: fc.constantFrom(...labels),
});
