// Turns what the demo saw into its report, and fails loudly where a stage did not really happen.
import { join } from 'node:path';
import { findingsOf } from '../../client/index.ts';
import { labels } from '../../core/index.ts';
import { demoStageError } from '../errors.ts';
import { measureDemoOutcome } from './demo-outcome.ts';
import { baselineNames } from './demo-report.ts';
import type { DemoReport } from './demo-report.ts';
import type { DemoRun } from './demo-run.ts';

/** Builds the report; seals the history first, so that sizes are those on disk. @throws DemoStageError */
export async function buildDemoReport(run: DemoRun, actuator: string): Promise<DemoReport> {
  await run.host.history.seal();
  const report = {
    ...describeData(run),
    ...describeModel(run),
    ...describeDecisions(run, actuator),
    files: filesOf(run),
  };
  for (const [stage, isDone, state] of stageChecks(report)) {
    if (!isDone) throw demoStageError(stage, state);
  }
  return report;
}

/** Each stage with the evidence that it happened. */
function stageChecks(report: DemoReport): [stage: string, isDone: boolean, state: string][] {
  const { decisions, outcome, parity, swap } = report;
  const wanted = report.hz * report.seconds * 0.5;
  return [
    [
      'collect',
      report.memoryRows >= wanted,
      `${report.memoryRows} snapshots were stored, at least ${Math.round(wanted)} expected`,
    ],
    ['store', report.bytesPerMinute > 0, 'nothing was sealed'],
    [
      'workload',
      report.workload.phases >= 5,
      `the workload went through ${report.workload.phases} phases only`,
    ],
    ['stream', report.stream.bytes > 0, 'no bytes reached Python'],
    [
      'dataset',
      report.dataset.exportedRows === report.dataset.rows,
      `${report.dataset.exportedRows} rows were exported, ${report.dataset.rows} trained on`,
    ],
    ['train', report.dataset.rows > 0 && report.model.macroF1 > 0, 'the model predicts nothing right'],
    [
      'parity',
      parity.rows > 0 && parity.labelMismatches === 0,
      `${parity.labelMismatches} labels differ between scikit-learn and ONNX`,
    ],
    ['swap', swap.ms > 0 && swap.failures === 0, `${swap.failures} decisions failed during the swap`],
    ['decide', decisions.byModel > 0, 'the model made no decision'],
    ['first decision', report.fitToFirstDecisionMs > 0, 'no first decision was seen'],
    ['act', outcome.actions > 0, `nothing was acted on; held back by ${JSON.stringify(outcome.refusals)}`],
    ['outcome', outcome.takenBytes > 0, `${outcome.actions} actions took nothing`],
  ];
}

function describeData({
  host,
  workload,
  python,
  seconds,
}: DemoRun): Pick<
  DemoReport,
  'rows' | 'memoryRows' | 'seconds' | 'hz' | 'bytesPerMinute' | 'workload' | 'stream'
> {
  const { kinds } = host.history.stats();
  const memory = kinds['memory']!;
  return {
    rows: memory.rows + (kinds['process']?.rows ?? 0),
    memoryRows: memory.rows,
    seconds,
    hz: host.config.hz,
    bytesPerMinute: (memory.sealedBytes / memory.rows) * 60,
    workload: { pressure: workload.pressure, limitBytes: workload.limitBytes, phases: workload.phases },
    stream: {
      gbps: python.gbps,
      bytes: python.bytes,
      batches: python.batches,
      batchBytes: python.batchBytes,
    },
  };
}

interface Scores {
  macroF1: number;
  interval?: [number, number];
  confusionMatrix: number[][];
  baseline: Record<
    (typeof baselineNames)[number][0],
    { macroF1: number; interval?: [number, number] } | null
  >;
}

function describeModel({
  estimator,
  training,
  host,
  duringSwap,
  python,
}: DemoRun): Pick<
  DemoReport,
  'dataset' | 'model' | 'baseline' | 'gate' | 'parity' | 'swap' | 'fitToFirstDecisionMs'
> {
  const { deployment, manifest, fitToFirstDecisionMs } = training;
  if (!deployment?.swap) throw demoStageError('swap', 'the trained model did not go live');
  if (fitToFirstDecisionMs === null) throw demoStageError('first decision', 'the new model did not decide');
  const metrics = manifest.metrics as unknown as Scores;
  return {
    dataset: {
      id: manifest.dataset.id,
      rows: manifest.dataset.rows,
      exportedRows: python.exportedRows,
      classCounts: training.classCounts,
      horizonMs: host.config.horizonMs,
    },
    model: {
      version: `${deployment.name}@${deployment.version}`,
      estimator,
      macroF1: metrics.macroF1,
      interval: metrics.interval ?? null,
      confusionMatrix: metrics.confusionMatrix,
      labels: [...labels],
      findings: findingsOf(manifest.metrics),
    },
    baseline: describeBaselines(metrics.baseline),
    gate: { passed: deployment.isLive, reason: deployment.reason },
    parity: {
      rows: manifest.parity.rows,
      maxAbsDiff: Math.max(manifest.parity.maxAbsDiff, deployment.swap.maxAbsDiff),
      labelMismatches: manifest.parity.labelMismatches + deployment.swap.labelMismatches,
    },
    swap: {
      ms: deployment.swap.totalMs,
      pointerUs: deployment.swap.swapUs,
      failures: duringSwap.failures,
      decisionsDuring: duringSwap.decisions,
    },
    fitToFirstDecisionMs,
  };
}

function describeBaselines(scores: Scores['baseline']): DemoReport['baseline'] {
  const macroF1Of = (key: keyof Scores['baseline']): number | null => scores[key]?.macroF1 ?? null;
  const [bestKey, name] = baselineNames.reduce((best, candidate) =>
    (macroF1Of(candidate[0]) ?? -1) > (macroF1Of(best[0]) ?? -1) ? candidate : best,
  );
  return {
    macroF1: macroF1Of(bestKey) ?? 0,
    name,
    majority: macroF1Of('majority') ?? 0,
    usageThreshold: macroF1Of('usageThreshold'),
    persistence: macroF1Of('persistence'),
    intervals: Object.fromEntries(
      baselineNames.flatMap(([key]) => {
        const interval = scores[key]?.interval;
        return interval ? [[key, interval] as const] : [];
      }),
    ),
  };
}

function describeDecisions(run: DemoRun, actuator: string): Pick<DemoReport, 'decisions' | 'outcome'> {
  const { host, counts } = run;
  const stats = host.optimizer.stats();
  return {
    decisions: {
      count: stats.decisions,
      failures: stats.failures + counts.thrown,
      byModel: stats.bySource.model,
      byRule: stats.bySource.rule,
      p50Us: stats.p50Us ?? 0,
      p99Us: stats.p99Us ?? 0,
      byLabel: { ...stats.byLabel },
    },
    outcome: measureDemoOutcome(run, actuator),
  };
}

function filesOf({ directory, host, training }: DemoRun): DemoReport['files'] {
  const { deployment } = training;
  return {
    report: join(directory, 'report.html'),
    model: deployment ? join(host.home.models, deployment.name, deployment.version, 'model.onnx') : '',
    dataset: join(directory, 'dataset.parquet'),
    history: host.home.history,
  };
}
