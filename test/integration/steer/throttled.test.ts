// A stage that is made slower is named as what holds a run back. 200 trials: `bench dag.autotune`.
import { expect, it } from 'vitest';
import { findStageBottleneck } from '../../../src/steer/tune/index.ts';
import { runThrottled, throttledStages } from '../../support/steer/throttled-pipeline.ts';

it.each(throttledStages)(
  'findStageBottleneck() names the stage when %s is three times as slow',
  async (stage) => {
    // One run may be disturbed by what else the machine does; of three, two are not.
    const named: (string | undefined)[] = [];
    for (let run = 0; run < 3; run++) {
      named.push(findStageBottleneck([await runThrottled(stage, 3)])?.stage);
    }
    expect(named.filter((name) => name === stage).length, String(named)).toBeGreaterThanOrEqual(2);
  },
);
