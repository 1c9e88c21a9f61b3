// golden.arrow → golden rows. An Arrow IPC stream: each feature (float32), expected_label (int64),
// p0..p{k-1} (float32), case (utf8).
import * as arrow from 'apache-arrow';
import { checkAnswers } from './answers.ts';
import { rejected } from './errors.ts';
import type { GoldenRows } from './golden.ts';
import type { ModelManifest } from './manifest.ts';

const MAX_ROWS = 65_536;

/**
 * Decodes golden.arrow.
 * @throws ModelRejectedError `ERR_MODEL_GOLDEN`
 */
export function decodeGolden(
  bytes: Uint8Array,
  manifest: Pick<ModelManifest, 'features' | 'classes' | 'golden'>,
): GoldenRows {
  const table = decodeTable(bytes);
  const rows = table.numRows;
  if (rows === 0 || rows > MAX_ROWS || rows !== manifest.golden.rows) {
    throw invalid(`it has ${rows} rows, the manifest says ${manifest.golden.rows} (1 to ${MAX_ROWS})`);
  }
  const names = manifest.features.map((feature) => feature.name);
  const golden = {
    rows,
    features: buildMatrix(table, names),
    labels: Int32Array.from(columnOf(table, 'expected_label', arrow.Type.Int), Number),
    probabilities: buildMatrix(
      table,
      manifest.classes.map((_, i) => `p${i}`),
    ),
    cases: [...columnOf(table, 'case', arrow.Type.Utf8)].map(String),
  };
  checkAnswers(golden, manifest.classes, (row) => `golden row ${row} (${golden.cases[row]})`);
  return golden;
}

function decodeTable(bytes: Uint8Array): arrow.Table {
  try {
    return arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw rejected('ERR_MODEL_GOLDEN', 'golden.arrow is not an Arrow stream; deploy it again', {}, cause);
  }
}

function columnOf(table: arrow.Table, name: string, typeId: arrow.Type): arrow.Vector {
  const column = table.getChild(name);
  if (!column) throw invalid(`the column "${name}" is missing`);
  const type = column.type as arrow.DataType;
  if (type.typeId !== typeId) throw invalid(`the column "${name}" has Arrow type ${type.typeId}`);
  if (column.nullCount > 0) throw invalid(`the column "${name}" has nulls`);
  return column;
}

function buildMatrix(table: arrow.Table, names: readonly string[]): Float32Array {
  const width = names.length;
  const matrix = new Float32Array(table.numRows * width);
  names.forEach((name, at) => {
    const column = columnOf(table, name, arrow.Type.Float);
    for (let row = 0; row < table.numRows; row++) matrix[row * width + at] = Number(column.get(row));
  });
  return matrix;
}

function invalid(what: string): Error {
  return rejected('ERR_MODEL_GOLDEN', `golden.arrow is not usable: ${what}; write it again`);
}
