// heldout.arrow: the newest rows a model was not trained on, with their labels and what each baseline answers,
// so that the host can hold the next model against this one. An Arrow IPC stream in time order: `timestamp`
// (int64 ms or timestamp, optional), each feature (float32), `label` (int8), `baseline_<name>` (int8). Of a detector `label`
// is 1 for an odd row and baselines are scores (float32); a forecast has `value` (float32) for the label, and values.
import * as arrow from 'apache-arrow';
import { labels as hostLabels } from '../core/index.ts';
import { taskOf } from './manifest.ts';
import type { ModelManifest } from './manifest.ts';
import { heldOutRowsError } from './errors.ts';
import { openPackageTable } from './package-table.ts';
import type { PackageTable } from './package-table.ts';

/** Most rows of a package; a trainer keeps the newest. */
export const MAX_HELD_OUT_ROWS = 20_000;

/** Held-out rows as dense arrays. */
export interface HeldOutRows {
  readonly rows: number;
  /** Milliseconds since the epoch, null when the data set had no times. */
  readonly timestamps: Float64Array | null;
  /** rows × features. */
  readonly features: Float32Array;
  /** Label index of each row; for a detector 1 where it is odd, else 0; all 0 for a forecast. */
  readonly labels: Int8Array;
  /** What a forecast should have said. @default null */
  readonly values?: Float32Array | null;
  /** What each baseline answers, by its name: label indexes, scores or values. */
  readonly baselines: Readonly<Record<string, Int8Array | Float32Array>>;
}

const BASELINE = 'baseline_';

/**
 * Decodes heldout.arrow.
 * @throws ModelRejectedError `ERR_MODEL_HELD_OUT`
 */
export function decodeHeldOut(
  bytes: Uint8Array,
  manifest: Pick<ModelManifest, 'task' | 'features' | 'heldOut'>,
): HeldOutRows {
  const file = openPackageTable(bytes, 'heldout.arrow', heldOutRowsError);
  const { table, invalid, matrix } = file;
  const task = taskOf(manifest);
  const rows = table.numRows;
  const wanted = manifest.heldOut?.rows;
  if (rows === 0 || rows > MAX_HELD_OUT_ROWS || rows !== wanted) {
    throw invalid(`it has ${rows} rows, the manifest says ${wanted} (1 to ${MAX_HELD_OUT_ROWS}, the newest)`);
  }
  const names = table.schema.fields.map((field) => field.name).filter((name) => name.startsWith(BASELINE));
  return {
    rows,
    timestamps: table.getChild('timestamp') ? timesOf(file) : null,
    features: matrix(manifest.features.map(({ name }) => name)),
    labels: task === 'forecast' ? new Int8Array(rows) : labelsOf(file, 'label', labelCounts[task]),
    values: task === 'forecast' ? matrix(['value']) : null,
    baselines: Object.fromEntries(
      names.map((name) => [
        name.slice(BASELINE.length),
        task === 'classification' ? labelsOf(file, name, labelCounts[task]) : matrix([name]),
      ]),
    ),
  };
}

/** The rows whose index is in `picked`. */
export function pickHeldOutRows(rows: HeldOutRows, picked: readonly number[]): HeldOutRows {
  const width = rows.features.length / rows.rows;
  const features = new Float32Array(picked.length * width);
  picked.forEach((row, at) => features.set(rows.features.subarray(row * width, (row + 1) * width), at * width));
  const pick = <T extends Int8Array | Float32Array>(values: T): T => {
    const taken = values.slice(0, picked.length) as T;
    picked.forEach((row, at) => (taken[at] = values[row]!));
    return taken;
  };
  const { timestamps } = rows;
  return {
    rows: picked.length,
    timestamps: timestamps && Float64Array.from(picked, (row) => timestamps[row]!),
    features,
    labels: pick(rows.labels),
    values: rows.values ? pick(rows.values) : null,
    baselines: Object.fromEntries(Object.entries(rows.baselines).map(([name, all]) => [name, pick(all)])),
  };
}

/** Labels there are for the truth of each task. */
const labelCounts = { classification: hostLabels.length, anomaly: 2 } as const;

function labelsOf({ column, invalid }: PackageTable, name: string, count: number): Int8Array {
  const values = Int8Array.from(column(name, arrow.Type.Int), Number);
  const wrong = values.find((value) => value < 0 || value >= count);
  if (wrong !== undefined) throw invalid(`the column "${name}" holds ${wrong}, which is no label index`);
  return values;
}

function timesOf({ table, invalid }: PackageTable): Float64Array {
  const column = table.getChild('timestamp')!;
  if (column.nullCount > 0) throw invalid('the column "timestamp" has nulls');
  const times = Float64Array.from(column, Number);
  for (let i = 1; i < times.length; i++) {
    if (!(times[i]! >= times[i - 1]!)) throw invalid(`row ${i} is older than the row before it`);
  }
  return times;
}
