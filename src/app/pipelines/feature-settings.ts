// How a home computes features and looks ahead: as the daemon does that was configured there.
import type { Home } from '../../core/index.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import type { FeatureSpec } from '../../prepare/index.ts';
import { readSavedConfig } from '../host/config.ts';

/** Reads them. */
export function readFeatureSettings(home: Home): { readonly spec: FeatureSpec; readonly horizonMs: number } {
  const { hz, horizonMs } = readSavedConfig(home.root);
  return { spec: buildFeatureSpec({ intervalMs: 1000 / hz }), horizonMs };
}
