// golden.arrow → golden rows. An Arrow IPC stream: each feature (float32), expected_label (int64),
// p0..p{k-1} (float32), case (utf8).
import * as arrow from 'apache-arrow';
import { checkAnswers } from './answers.ts';
import type { GoldenRows } from './golden.ts';
import type { ModelManifest } from './manifest.ts';
import { goldenRowsError } from './errors.ts';
import { openPackageTable } from './package-table.ts';

const MAX_ROWS = 65_536;

/**
 * Decodes golden.arrow.
 * @throws ModelRejectedError `ERR_MODEL_GOLDEN`
 */
export function decodeGolden(
  bytes: Uint8Array,
  manifest: Pick<ModelManifest, 'features' | 'classes' | 'golden'>,
): GoldenRows {
  const { table, invalid, column, matrix } = openPackageTable(bytes, 'golden.arrow', goldenRowsError);
  const rows = table.numRows;
  if (rows === 0 || rows > MAX_ROWS || rows !== manifest.golden.rows) {
    throw invalid(`it has ${rows} rows, the manifest says ${manifest.golden.rows} (1 to ${MAX_ROWS})`);
  }
  const names = manifest.features.map((feature) => feature.name);
  const golden = {
    rows,
    features: matrix(names),
    labels: Int32Array.from(column('expected_label', arrow.Type.Int), Number),
    probabilities: matrix(manifest.classes.map((_, i) => `p${i}`)),
    cases: [...column('case', arrow.Type.Utf8)].map(String),
  };
  checkAnswers(golden, manifest.classes, (row) => `golden row ${row} (${golden.cases[row]})`);
  return golden;
}
