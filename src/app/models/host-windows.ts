// What a host computes over windows of its history: for models that look at one, and for comparisons with them.
import { isRuvectorError } from '../../core/index.ts';
import type { FeatureWindow } from '../../core/index.ts';
import type { FeatureContract, HostWindows } from '../../models/index.ts';
import { featureColumns, featureSpecSha256, readRowsAt, withWindow } from '../../prepare/index.ts';
import type { FeatureSpec, TrainingHistory } from '../../prepare/index.ts';

/** Windows over the rows of a specification. */
export function createHostWindows(spec: FeatureSpec, history: TrainingHistory): HostWindows {
  return {
    contract: (window) => contractOf(spec, window),
    read: async (window, timestamps) => ({
      window,
      ...(await readRowsAt(history, withWindow(spec, window), timestamps)),
    }),
  };
}

function contractOf(spec: FeatureSpec, window: FeatureWindow): FeatureContract | null {
  try {
    const windowed = withWindow(spec, window);
    return {
      featureNames: featureColumns(windowed),
      featureSpecSha256: featureSpecSha256(windowed),
      rateWindowMs: spec.rateWindowMs,
    };
  } catch (error) {
    if (isRuvectorError(error, 'ERR_PREPARE_OPTIONS')) return null;
    throw error;
  }
}
