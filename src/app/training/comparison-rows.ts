// Rows of this host's history that neither of two models can have learned from: everything after both
// trainings, labelled as the models were. None when there are too few of them.
import { isRuvectorError } from '../../core/index.ts';
import { MIN_GATE_ROWS } from '../../models/index.ts';
import type { HeldOutRows, ModelHost, ModelPackage } from '../../models/index.ts';
import { readFeatureRows } from '../../prepare/index.ts';
import type { StreamedTrainingSet } from '../../prepare/index.ts';
import type { DatasetService } from './dataset-service.ts';

/** Newest rows a comparison takes. */
const MAX_ROWS = 20_000;

/** Reads the rows; null sends the comparison to the held-out rows of the newer model. */
export async function readComparisonRows(
  packages: readonly ModelPackage[],
  datasets: Pick<DatasetService, 'build'>,
  horizonMs: number,
): Promise<Parameters<ModelHost['compare']>[2]> {
  const trainedMs = packages.map(({ manifest }) => Date.parse(manifest.created));
  const fromMs = Math.max(...trainedMs);
  if (!Number.isFinite(fromMs)) return null;
  try {
    const set = await datasets.build({ fromMs: fromMs + 1, horizonMs, balance: 'none' });
    const rows = await toRows(set);
    // Fewer than the held-out rows that are there anyway would only tell less.
    const heldOut = packages.map(({ manifest }) => manifest.heldOut?.rows ?? 0);
    return rows.rows < Math.max(MIN_GATE_ROWS, ...heldOut) ? null : { rows, horizonMs };
  } catch (error) {
    // Too few rows, or one label only: the history cannot tell, the held-out rows may.
    if (isRuvectorError(error) && error.code.startsWith('ERR_PREPARE_')) return null;
    throw error;
  }
}

async function toRows(set: StreamedTrainingSet): Promise<HeldOutRows> {
  const first = Math.max(0, set.rowCount - MAX_ROWS);
  return {
    rows: set.rowCount - first,
    timestamps: set.timestamps.slice(first),
    features: await readFeatureRows(set, [first, set.rowCount]),
    labels: Int8Array.from(set.labels.subarray(first)),
    baselines: {},
  };
}
