// golden.arrow → golden rows. An Arrow IPC stream: each feature (float32), expected_label (int64), p0..p{k-1} (float32)
// of a classifier, score (float32) of a detector, value (float32) and no label of a forecast, case (utf8).
import * as arrow from 'apache-arrow';
import { answerShapeOf } from './answer-shape.ts';
import type { AnswerShape } from './answer-shape.ts';
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
  manifest: Pick<ModelManifest, 'features' | 'task' | 'outputs' | 'classes' | 'golden'>,
): GoldenRows {
  const { table, invalid, column, matrix } = openPackageTable(bytes, 'golden.arrow', goldenRowsError);
  const rows = table.numRows;
  if (rows === 0 || rows > MAX_ROWS || rows !== manifest.golden.rows) {
    throw invalid(`it has ${rows} rows, the manifest says ${manifest.golden.rows} (1 to ${MAX_ROWS})`);
  }
  const names = manifest.features.map((feature) => feature.name);
  const shape = answerShapeOf(manifest);
  const golden = {
    rows,
    features: matrix(names),
    labels:
      shape.labelOutput === null
        ? new Int32Array(rows)
        : Int32Array.from(column('expected_label', arrow.Type.Int), Number),
    values: matrix(valueColumns(shape)),
    cases: [...column('case', arrow.Type.Utf8)].map(String),
  };
  checkAnswers(golden, shape, (row) => `golden row ${row} (${golden.cases[row]})`);
  return golden;
}

function valueColumns({ task, classes }: AnswerShape): string[] {
  if (task === 'classification') return classes.map((_, i) => `p${i}`);
  return [task === 'anomaly' ? 'score' : 'value'];
}
