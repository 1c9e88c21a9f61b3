// The rule as a model package: the thresholds of optimize/rule-policy.ts as an ONNX graph over the columns of a
// feature specification, with golden rows that decideByRule answers. It learns nothing; it is what decides, by
// the same way as a model, until one has earned the place. scripts/build-baseline.mjs bundles it.
import * as arrow from 'apache-arrow';
import { labels, sha256Of } from '../../core/index.ts';
import type { ManifestDraft } from '../../models/index.ts';
import { RULE_THRESHOLDS, decideByRule } from '../../optimize/index.ts';
import type { RuleThreshold } from '../../optimize/index.ts';
import { encodeOnnx } from './encode-onnx.ts';
import type { OnnxConstant } from './encode-onnx.ts';

/** `trainer.estimator` of the package. */
export const RULE_ESTIMATOR = 'rule';

/** A package as the registry takes it. */
export interface RulePackage {
  readonly model: Uint8Array;
  readonly golden: Uint8Array;
  readonly manifest: ManifestDraft;
}

/** What the package is built for. */
export interface RulePackageOptions {
  readonly name: string;
  /** Columns of the host, in order. */
  readonly featureNames: readonly string[];
  readonly featureSpecSha256: string;
  /** ISO 8601. */
  readonly created: string;
  /** What the rule scored, and on what; measured by scripts/build-baseline.mjs. @default nothing */
  readonly measured?: Pick<ManifestDraft, 'metrics' | 'dataset'>;
  /** @default RULE_THRESHOLDS */
  readonly thresholds?: readonly RuleThreshold[];
}

/** Column a signal is read from, and the feature's unit as a multiple of the share 0 to 1. */
const columns: Readonly<
  Record<RuleThreshold['signal'], { readonly feature: string; readonly scale: number }>
> = {
  available: { feature: 'available_percent', scale: 100 },
  'psi-some': { feature: 'psi_memory_some', scale: 1 },
  'psi-full': { feature: 'psi_memory_full', scale: 1 },
};
const OPSET = 17;
const IR_VERSION = 8;

/** Builds the package; null when the host computes none of a threshold's features. */
export function buildRulePackage(options: RulePackageOptions): RulePackage | null {
  const { featureNames, thresholds = RULE_THRESHOLDS } = options;
  const indexes = thresholds.map(({ signal }) => featureNames.indexOf(columns[signal].feature));
  if (indexes.includes(-1)) return null;
  const model = encodeRule(featureNames.length, thresholds, indexes);
  const golden = buildGolden(featureNames, thresholds);
  return { model, golden: golden.bytes, manifest: describe(options, thresholds, model, golden) };
}

/**
 * Each threshold reads its column; available memory fires at or below, so both sides change sign. The most
 * severe label whose threshold fired is the answer, and its probability is 1.
 */
function encodeRule(
  width: number,
  thresholds: readonly RuleThreshold[],
  indexes: readonly number[],
): Uint8Array {
  const signs = thresholds.map(({ signal }) => (signal === 'available' ? -1 : 1));
  const limits = thresholds.map(({ signal, limit }, at) => signs[at]! * limit * columns[signal].scale);
  const constant = (name: string, type: OnnxConstant['type'], values: number[]): OnnxConstant => ({
    name,
    type,
    shape: [values.length],
    values,
  });
  return encodeOnnx({
    name: 'rule',
    opset: OPSET,
    irVersion: IR_VERSION,
    nodes: [
      { operator: 'Gather', inputs: ['X', 'columns'], outputs: ['signals'], attributes: { axis: 1 } },
      { operator: 'Mul', inputs: ['signals', 'signs'], outputs: ['signed'] },
      { operator: 'GreaterOrEqual', inputs: ['signed', 'limits'], outputs: ['fired'] },
      { operator: 'Cast', inputs: ['fired'], outputs: ['firedShare'], attributes: { to: 1 } },
      { operator: 'Mul', inputs: ['firedShare', 'severities'], outputs: ['severity'] },
      {
        operator: 'ReduceMax',
        inputs: ['severity'],
        outputs: ['worst'],
        attributes: { axes: [1], keepdims: 1 },
      },
      { operator: 'Equal', inputs: ['worst', 'classes'], outputs: ['isClass'] },
      { operator: 'Cast', inputs: ['isClass'], outputs: ['probabilities'], attributes: { to: 1 } },
      { operator: 'Cast', inputs: ['worst'], outputs: ['wholeWorst'], attributes: { to: 7 } },
      { operator: 'Reshape', inputs: ['wholeWorst', 'flat'], outputs: ['label'] },
    ],
    constants: [
      constant('columns', 'int64', [...indexes]),
      constant('signs', 'float32', signs),
      constant('limits', 'float32', limits),
      constant(
        'severities',
        'float32',
        thresholds.map(({ label }) => labels.indexOf(label)),
      ),
      constant(
        'classes',
        'float32',
        labels.map((_, label) => label),
      ),
      constant('flat', 'int64', [-1]),
    ],
    inputs: [{ name: 'X', type: 'float32', shape: ['rows', width] }],
    outputs: [
      { name: 'label', type: 'int64', shape: ['rows'] },
      { name: 'probabilities', type: 'float32', shape: ['rows', labels.length] },
    ],
  });
}

/** One signal's values that matter: below, at and above each limit by one float32, and far from all. */
function valuesOf(signal: RuleThreshold['signal'], thresholds: readonly RuleThreshold[]): number[] {
  const { scale } = columns[signal];
  const limits = thresholds.filter((threshold) => threshold.signal === signal);
  const near = limits.flatMap(({ limit }) => {
    const at = new Float32Array([limit * scale]);
    const bits = new Int32Array(at.buffer);
    return [-1, 0, 1].map((step) => {
      const moved = new Int32Array([bits[0]! + step]);
      return new Float32Array(moved.buffer)[0]!;
    });
  });
  return [...new Set([0, ...near, scale])];
}

function buildGolden(
  featureNames: readonly string[],
  thresholds: readonly RuleThreshold[],
): { bytes: Uint8Array; rows: number } {
  const rows = valuesOf('available', thresholds).flatMap((available) =>
    valuesOf('psi-some', thresholds).flatMap((some) =>
      valuesOf('psi-full', thresholds).map((full) => ({ available, 'psi-some': some, 'psi-full': full })),
    ),
  );
  const answers = rows.map((row) => labels.indexOf(labelByRule(row, thresholds)));
  const signalOf = new Map(Object.entries(columns).map(([signal, { feature }]) => [feature, signal]));
  const features = featureNames.map((name): [string, Float32Array] => {
    const signal = signalOf.get(name) as RuleThreshold['signal'] | undefined;
    return [name, Float32Array.from(rows, (row) => (signal === undefined ? 0 : row[signal]))];
  });
  const shares = labels.map((_, label): [string, Float32Array] => [
    `p${label}`,
    Float32Array.from(answers, (answer) => (answer === label ? 1 : 0)),
  ]);
  const table = new arrow.Table({
    ...Object.fromEntries([...features, ...shares].map(([name, data]) => [name, arrow.makeVector(data)])),
    expected_label: arrow.makeVector(BigInt64Array.from(answers, BigInt)),
    case: arrow.vectorFromArray(
      rows.map(() => 'threshold'),
      new arrow.Utf8(),
    ),
  });
  return { bytes: arrow.tableToIPC(table, 'stream'), rows: rows.length };
}

/** The rule's own answer to the signals of a feature row. */
function labelByRule(
  row: Readonly<Record<RuleThreshold['signal'], number>>,
  thresholds: readonly RuleThreshold[],
): (typeof labels)[number] {
  const bySeverity = thresholds.toSorted((a, b) => labels.indexOf(b.label) - labels.indexOf(a.label));
  const snapshot = { mem_available_kib: row.available, mem_total_kib: columns.available.scale };
  const pressure = { someFraction: row['psi-some'], fullFraction: row['psi-full'] };
  return decideByRule(snapshot, pressure, bySeverity).label;
}

function describe(
  { name, featureNames, featureSpecSha256, created, measured }: RulePackageOptions,
  thresholds: readonly RuleThreshold[],
  model: Uint8Array,
  golden: { bytes: Uint8Array; rows: number },
): ManifestDraft {
  return {
    format: 1,
    name,
    created,
    features: featureNames.map((feature) => ({ name: feature, dtype: 'float32' })),
    featureSpecSha256,
    input: { name: 'X', dtype: 'float32', shape: [null, featureNames.length] },
    outputs: { label: 'label', probabilities: 'probabilities' },
    labels,
    classes: labels.map((_, label) => label),
    trainer: { estimator: RULE_ESTIMATOR, parameters: { thresholds } },
    dataset: { trainedOn: [], ...measured?.dataset },
    metrics: measured?.metrics ?? {},
    parity: { rows: golden.rows, maxAbsDiff: 0, labelMismatches: 0, tolerance: 0 },
    golden: { sha256: sha256Of(golden.bytes), rows: golden.rows },
    model: { sha256: sha256Of(model), sizeBytes: model.length, opset: { '': OPSET } },
  };
}
