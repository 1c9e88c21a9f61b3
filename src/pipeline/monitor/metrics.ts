// Pipelines on a Prometheus page: one function that tells a registry how a run does. Who serves the page gives the
// registry. Names: https://prometheus.io/docs/practices/naming/ (base units, `_total` for counters).
import type { Counter, Gauge, Registry } from 'prom-client';
import type { PipelineProgress, StageStats } from '../contract.ts';

/** Pipelines of a registry. */
export interface PipelineMetrics {
  /** Shows how a run does; of a run with several legs, each leg's stages stay. */
  observe(pipeline: string, progress: PipelineProgress): void;
  /** Takes a pipeline that has ended off the page. */
  remove(pipeline: string): void;
}

interface StageMetric {
  readonly name: string;
  readonly help: string;
  readonly isCounter?: true;
  read(stage: StageStats): number;
}

const stageMetrics: readonly StageMetric[] = [
  { name: 'rows_total', help: 'Rows that a stage has worked off', isCounter: true, read: ({ rows }) => rows },
  { name: 'batches_total', help: 'Batches, or parts of a plan', isCounter: true, read: ({ batches }) => batches },
  {
    name: 'skipped_rows_total',
    help: 'Rows left out because a stage failed on them',
    isCounter: true,
    read: ({ skippedRows }) => skippedRows,
  },
  {
    name: 'dead_letter_rows_total',
    help: 'Rows handed to a dead-letter sink',
    isCounter: true,
    read: ({ deadRows }) => deadRows,
  },
  {
    name: 'busy_seconds_total',
    help: 'Time spent working, over all workers',
    isCounter: true,
    read: ({ busyMs }) => busyMs / 1000,
  },
  {
    name: 'starved_seconds_total',
    help: 'Time spent waiting for rows',
    isCounter: true,
    read: ({ starvedMs }) => starvedMs / 1000,
  },
  {
    name: 'blocked_seconds_total',
    help: 'Time spent waiting for room behind the stage',
    isCounter: true,
    read: ({ blockedMs }) => blockedMs / 1000,
  },
  { name: 'batch_seconds_median', help: 'Median latency of a batch', read: ({ p50Ms }) => p50Ms / 1000 },
  { name: 'batch_seconds_p99', help: '99th percentile of the latency of a batch', read: ({ p99Ms }) => p99Ms / 1000 },
  { name: 'queued_batches', help: 'Batches that wait in front of a stage', read: ({ queuedBatches }) => queuedBatches },
  { name: 'queued_bytes', help: 'Bytes that wait in front of a stage', read: ({ queuedBytes }) => queuedBytes },
  { name: 'memory_bytes', help: 'Bytes that a stage holds', read: ({ memoryBytes }) => memoryBytes },
  { name: 'workers', help: 'Workers of a stage', read: ({ workers }) => workers },
];

interface RunMetric {
  readonly name: string;
  readonly help: string;
  /** Null where nobody knows: it is then absent from the page. */
  read(progress: PipelineProgress): number | null;
}

const runMetrics: readonly RunMetric[] = [
  { name: 'rows_per_second', help: 'Rows a second since the run began', read: (run) => run.rowsPerSecond },
  { name: 'remaining_seconds', help: 'Time to the end at this rate', read: (run) => run.etaSeconds },
  { name: 'budget_limit_bytes', help: 'The memory budget', read: ({ budget }) => budget.limitBytes },
  { name: 'budget_used_bytes', help: 'Bytes of the budget that are out', read: ({ budget }) => budget.usedBytes },
  {
    name: 'budget_peak_bytes',
    help: 'Most bytes of the budget that were out at once',
    read: ({ budget }) => budget.peakBytes,
  },
];

const stageLabels = ['pipeline', 'stage', 'kind'] as const;

/** Registers the metrics of pipelines, `ruvector_pipeline_*`, once a registry. Loads prom-client. */
export async function registerPipelineMetrics(registry: Registry): Promise<PipelineMetrics> {
  const { Counter, Gauge } = await import('prom-client');
  const registers = [registry];
  const stages = stageMetrics.map(({ name, help, isCounter, read }) => {
    const config = { name: `ruvector_pipeline_stage_${name}`, help, labelNames: stageLabels, registers };
    return { read, metric: isCounter ? new Counter(config) : new Gauge(config) };
  });
  const runs = runMetrics.map(({ name, help, read }) => ({
    read,
    metric: new Gauge({ name: `ruvector_pipeline_${name}`, help, labelNames: ['pipeline'] as const, registers }),
  }));
  const shown = new Map<string, Map<string, StageStats>>();
  return {
    observe: (pipeline, progress) => {
      const seen = shown.get(pipeline) ?? new Map<string, StageStats>();
      shown.set(pipeline, seen);
      for (const stage of progress.stages) {
        seen.set(stage.name, stage);
        const labels = { pipeline, stage: stage.name, kind: stage.kind };
        for (const { metric, read } of stages) put(metric, labels, read(stage));
      }
      for (const { metric, read } of runs) put(metric, { pipeline }, read(progress));
    },
    remove: (pipeline) => {
      for (const { name, kind } of shown.get(pipeline)?.values() ?? []) {
        for (const { metric } of stages) metric.remove({ pipeline, stage: name, kind });
      }
      for (const { metric } of runs) metric.remove({ pipeline });
      shown.delete(pipeline);
    },
  };
}

/** Figures come as totals: a counter is put where it is, not added to. */
function put<Label extends string>(
  metric: Counter<Label> | Gauge<Label>,
  labels: Record<Label, string>,
  value: number | null,
): void {
  metric.remove(labels);
  if (value !== null) metric.inc(labels, value);
}
