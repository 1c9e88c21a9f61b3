// heldout.arrow and packages for the gate's tests, made here: real ONNX graphs of the rule under any thresholds,
// and rows whose labels are known.
import * as arrow from 'apache-arrow';
import { buildRulePackage } from '../../../src/app/models/rule-package.ts';
import type { ModelUpload } from '../../../src/app/host/host-types.ts';
import { labels, sha256Of } from '../../../src/core/index.ts';
import type { RuleThreshold } from '../../../src/optimize/index.ts';
import { featureSpecSha256 } from '../../../src/prepare/index.ts';
import type { FeatureSpec } from '../../../src/prepare/index.ts';

/** Rows of which only the available memory differs. */
export interface AvailableRows {
  readonly available: readonly number[];
  readonly labels: readonly number[];
  readonly baselines?: Readonly<Record<string, readonly number[]>>;
  readonly startMs?: number;
}

/** Writes held-out rows, one a second. */
export function encodeHeldOut(spec: FeatureSpec, rows: AvailableRows): Uint8Array {
  const { available, baselines = {}, startMs = 0 } = rows;
  const float = (name: string): [string, arrow.Vector] => [
    name,
    arrow.makeVector(Float32Array.from(available, (value) => (name === 'available_percent' ? value : 0))),
  ];
  const table = new arrow.Table({
    timestamp: arrow.makeVector(BigInt64Array.from(available, (_, i) => BigInt(startMs + 1000 * i))),
    ...Object.fromEntries(spec.names.map(float)),
    label: arrow.makeVector(Int8Array.from(rows.labels)),
    ...Object.fromEntries(
      Object.entries(baselines).map(([name, all]) => [
        `baseline_${name}`,
        arrow.makeVector(Int8Array.from(all)),
      ]),
    ),
  });
  return arrow.tableToIPC(table, 'stream');
}

/** The label of each share of available memory under thresholds like `{ 2: 50 }`: label 2 at 50 % and below. */
export function labelBy(limits: Readonly<Record<number, number>>, available: number): number {
  const fired = Object.entries(limits).filter(([, limit]) => available <= limit);
  return Math.max(0, ...fired.map(([label]) => Number(label)));
}

/** A real package that answers by such thresholds, with held-out rows unless there are none. */
export function buildUpload(
  spec: FeatureSpec,
  limits: Readonly<Record<number, number>>,
  rows: AvailableRows | null,
  change: { name?: string; trainedOn?: [number, number][] } = {},
): ModelUpload {
  const thresholds = Object.entries(limits).map(([label, limit]): RuleThreshold => ({
    label: labels[Number(label)]!,
    signal: 'available',
    limit: limit / 100,
    source: 'test',
  }));
  const { model, golden, manifest } = buildRulePackage({
    name: change.name ?? 'memopt',
    featureNames: spec.names,
    featureSpecSha256: featureSpecSha256(spec),
    created: '2026-01-01T00:00:00.000Z',
    thresholds,
  })!;
  const heldOut = rows ? encodeHeldOut(spec, rows) : undefined;
  return {
    model,
    golden,
    heldOut,
    manifest: {
      ...manifest,
      trainer: { estimator: 'test.Thresholds', parameters: limits },
      dataset: { trainedOn: change.trainedOn ?? [] },
      ...(heldOut && rows && { heldOut: { sha256: sha256Of(heldOut), rows: rows.labels.length } }),
    },
  };
}
