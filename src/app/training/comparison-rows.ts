// Rows of this host's history that neither of two models can have learned from: everything after both
// trainings, labelled as the models were. None when there are too few of them.
import { isRuvectorError } from '../../core/index.ts';
import { MIN_GATE_ROWS, isHeldBy, taskOf } from '../../models/index.ts';
import type { HeldOutRows, ModelHost, ModelPackage, ModelTask, WindowRows } from '../../models/index.ts';
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
    const [widest, other] = windowsOf(packages);
    const task = taskOf(packages[0]!.manifest);
    const options = { fromMs: fromMs + 1, horizonMs, balance: 'none', task } as const;
    const rows = await toRows(await datasets.build({ ...options, window: widest }), task);
    // Fewer than the held-out rows that are there anyway would only tell less.
    const heldOut = packages.map(({ manifest }) => manifest.heldOut?.rows ?? 0);
    if (rows.rows < Math.max(MIN_GATE_ROWS, ...heldOut)) return null;
    const others =
      other === null ? [] : [await toOther(await datasets.build({ ...options, window: other }), rows, task)];
    return { rows, horizonMs, window: widest, others };
  } catch (error) {
    // Too few rows, or one label only: the history cannot tell, the held-out rows may.
    if (isRuvectorError(error) && error.code.startsWith('ERR_PREPARE_')) return null;
    throw error;
  }
}

type Window = StreamedTrainingSet['spec']['window'];

/** A window whose rows hold what both look at; else the first one's, and the other's beside it. */
function windowsOf(packages: readonly ModelPackage[]): readonly [Window, Window | null] {
  const [a, b] = packages.map(({ manifest }) => manifest.window);
  if (isHeldBy(b, a)) return [a, null];
  return isHeldBy(a, b) ? [b, null] : [a, b];
}

/** The same rows over another window: a set's rows depend on its range, and that on none. */
async function toOther(
  set: StreamedTrainingSet,
  { timestamps }: HeldOutRows,
  task: ModelTask,
): Promise<WindowRows> {
  const { rows, features, timestamps: times } = await toRows(set, task);
  const isSame = rows === timestamps?.length && times!.every((time, row) => time === timestamps[row]);
  return {
    window: set.spec.window,
    features,
    found: new Uint8Array(timestamps?.length ?? 0).fill(Number(isSame)),
  };
}

async function toRows(set: StreamedTrainingSet, task: ModelTask): Promise<HeldOutRows> {
  const first = Math.max(0, set.rowCount - MAX_ROWS);
  return {
    rows: set.rowCount - first,
    timestamps: set.timestamps.slice(first),
    features: await readFeatureRows(set, [first, set.rowCount]),
    // What a detector calls odd is any label but the calm one.
    labels: Int8Array.from(set.labels.subarray(first), (label) =>
      task === 'anomaly' ? Number(label !== 0) : label,
    ),
    values: task === 'forecast' ? set.targets.slice(first) : null,
    baselines: {},
  };
}
