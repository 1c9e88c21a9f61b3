// golden.arrow: rows with the answers the trainer's own library gave, replayed before a model goes live.
// An Arrow IPC stream: each feature (float32), expected_label (int64), p0..p{k-1} (float32), case (utf8).
import * as arrow from 'apache-arrow';
import { checkAnswers } from './answers.ts';
import type { BatchAnswer } from './answers.ts';
import { rejected } from './errors.ts';
import type { ModelManifest } from './manifest.ts';

/** Golden rows as dense row-major matrices. */
export interface GoldenRows {
  readonly rows: number;
  /** rows × features. */
  readonly features: Float32Array;
  /** Index into labels, one a row. */
  readonly labels: Int32Array;
  /** rows × classes. */
  readonly probabilities: Float32Array;
  /** Why the row is there: random, threshold, nan or extreme. */
  readonly cases: readonly string[];
}

/** How a replay differs from the golden rows. */
export interface GoldenReport {
  readonly goldenRows: number;
  readonly maxAbsDiff: number;
  readonly labelMismatches: number;
}

/** Absolute and relative tolerance of a probability: |Δ| ≤ 1e-5 + 1e-5·|y|. */
export const GOLDEN_TOLERANCE = 1e-5;

const MAX_ROWS = 65_536;

/**
 * Decodes golden.arrow.
 * @throws ModelRejectedError `ERR_MODEL_GOLDEN`; `ERR_MODEL_PROBABILITIES`, `ERR_MODEL_NAN` when the wanted
 *   answers are none
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

/** Where in the golden rows a batch lies. */
export interface BatchRange {
  readonly start: number;
  readonly end: number;
}

/** Collects the differences of one replay. */
export interface GoldenTally {
  maxAbsDiff: number;
  readonly mismatched: Set<number>;
}

/**
 * Compares one batch of answers with the golden rows `[start, end)`.
 * @throws ModelRejectedError `ERR_MODEL_NAN` for an answer that is not finite, `ERR_MODEL_GOLDEN` outside tolerance
 */
export function compareBatch(
  golden: GoldenRows,
  answer: BatchAnswer,
  { start, end }: BatchRange,
  tally: GoldenTally,
): void {
  const width = golden.probabilities.length / golden.rows;
  for (let row = start; row < end; row++) {
    if (answer.labels[row - start] !== golden.labels[row]) tally.mismatched.add(row);
    for (let i = 0; i < width; i++) {
      const actual = answer.probabilities[(row - start) * width + i]!;
      const expected = golden.probabilities[row * width + i]!;
      const difference = Math.abs(actual - expected);
      if (!Number.isFinite(actual)) throw notFinite(golden, row, end - start);
      if (!(difference <= GOLDEN_TOLERANCE + GOLDEN_TOLERANCE * Math.abs(expected))) {
        throw outside(golden, row, { actual, expected, batch: end - start });
      }
      tally.maxAbsDiff = Math.max(tally.maxAbsDiff, difference);
    }
  }
}

/** Refuses a replay whose labels differ anywhere. `ERR_MODEL_GOLDEN`. */
export function finishTally(golden: GoldenRows, tally: GoldenTally): GoldenReport {
  const [row] = tally.mismatched;
  if (row !== undefined) {
    throw rejected(
      'ERR_MODEL_GOLDEN',
      `${tally.mismatched.size} of ${golden.rows} golden rows got another label, first row ${row} (${golden.cases[row]}); export it again`,
      { labelMismatches: tally.mismatched.size, row, case: golden.cases[row] },
    );
  }
  return { goldenRows: golden.rows, maxAbsDiff: tally.maxAbsDiff, labelMismatches: 0 };
}

function notFinite(golden: GoldenRows, row: number, batch: number): Error {
  return rejected(
    'ERR_MODEL_NAN',
    `it answers golden row ${row} (${golden.cases[row]}) with a value that is not finite; train or export it again`,
    { row, case: golden.cases[row], batch },
  );
}

function outside(golden: GoldenRows, row: number, details: Record<string, number>): Error {
  return rejected(
    'ERR_MODEL_GOLDEN',
    `golden row ${row} (${golden.cases[row]}) gives ${details['actual']} in place of ${details['expected']}; export it again`,
    { row, case: golden.cases[row], ...details },
  );
}

function invalid(what: string): Error {
  return rejected('ERR_MODEL_GOLDEN', `golden.arrow is not usable: ${what}; write it again`);
}
