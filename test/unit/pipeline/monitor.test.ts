// What a run looks like from outside: lines of a terminal, a Prometheus page, spans.
import { Registry } from 'prom-client';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import {
  registerPipelineMetrics,
  renderStages,
  rowsPerSecondOf,
  timeSharesOf,
  traceRun,
} from '../../../src/pipeline/index.ts';
import type { PipelineProgress, StageStats } from '../../../src/pipeline/index.ts';

const stage = (fields: Partial<StageStats>): StageStats => ({
  name: 'source',
  kind: 'source',
  batches: 0,
  rows: 0,
  skippedRows: 0,
  deadRows: 0,
  busyMs: 0,
  starvedMs: 0,
  blockedMs: 0,
  p50Ms: 0,
  p99Ms: 0,
  queuedBatches: 0,
  queuedBytes: 0,
  memoryBytes: 0,
  workers: 1,
  ...fields,
});

const progress = (
  stages: readonly StageStats[],
  fields: Partial<PipelineProgress> = {},
): PipelineProgress => ({
  rowsIn: 12_345,
  rowsOut: 12_000,
  totalRows: 100_000,
  rowsPerSecond: 1_500_000,
  etaSeconds: 75,
  finishing: null,
  budget: { limitBytes: 2 ** 28, usedBytes: 3 * 2 ** 20, peakBytes: 2 ** 24 },
  stages,
  ...fields,
});

const busy = stage({
  name: 'parse',
  kind: 'transform',
  rows: 1000,
  busyMs: 500,
  starvedMs: 250,
  blockedMs: 250,
});

describe('stage figures', () => {
  it('timeSharesOf() says what the time went into, and nothing before there was any', () => {
    expect(timeSharesOf(busy)).toEqual({ busy: 0.5, starved: 0.25, blocked: 0.25 });
    expect(timeSharesOf(stage({}))).toEqual({ busy: 0, starved: 0, blocked: 0 });
  });

  it('rowsPerSecondOf() counts the time once for all workers', () => {
    expect(rowsPerSecondOf(busy)).toBe(1000);
    expect(rowsPerSecondOf({ ...busy, workers: 2 })).toBe(2000);
    expect(rowsPerSecondOf(stage({ rows: 5 }))).toBe(0);
  });
});

describe('renderStages()', () => {
  it('gives a line for the run, headings, and a line for each stage', () => {
    const lines = renderStages(
      progress([stage({ rows: 12_345 }), { ...busy, skippedRows: 7, queuedBatches: 3, queuedBytes: 2048 }]),
    );
    expect(lines[0]).toBe(
      '12,345 of 100,000 rows, 1.5 M rows/s, 1 min 15 s to go, memory 3.0 MiB of 256.0 MiB',
    );
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(/^parse +1,000 \(-7\) +1000 .* 3 \/ 2\.0 KiB .*##########\.{5}!{5}$/);
  });

  it('says what the sink is at behind the last row, instead of a time to go', () => {
    const [last] = renderStages(
      progress([], { rowsIn: 9, totalRows: 9, etaSeconds: null, finishing: 'training' }),
    );
    expect(last).toBe('9 of 9 rows, 1.5 M rows/s, training, memory 3.0 MiB of 256.0 MiB');
  });

  it('leaves out what nobody knows', () => {
    const [line] = renderStages(progress([], { totalRows: null, etaSeconds: null, rowsPerSecond: 0 }));
    expect(line).toBe('12,345 rows, 0 rows/s, memory 3.0 MiB of 256.0 MiB');
  });
});

describe('registerPipelineMetrics()', () => {
  it('shows totals as they are, twice as well as once, and takes ended runs off', async () => {
    const registry = new Registry();
    const metrics = await registerPipelineMetrics(registry);
    metrics.observe('daily', progress([busy]));
    metrics.observe('daily', progress([busy], { etaSeconds: null }));
    const page = await registry.metrics();
    expect(page).toContain(
      'ruvector_pipeline_stage_rows_total{pipeline="daily",stage="parse",kind="transform"} 1000',
    );
    expect(page).toContain(
      'ruvector_pipeline_stage_blocked_seconds_total{pipeline="daily",stage="parse",kind="transform"} 0.25',
    );
    expect(page).toContain('ruvector_pipeline_budget_peak_bytes{pipeline="daily"} 16777216');
    expect(page).not.toContain('remaining_seconds{');
    metrics.remove('daily');
    expect(await registry.metrics()).not.toContain('daily');
  });
});

describe('traceRun()', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');

  it('gives a span for the run and one under it for each stage of each leg', async () => {
    exporter.reset();
    const result = await traceRun({ pipeline: 'daily', tracer }, async (onProgress) => {
      onProgress(progress([stage({}), busy]));
      onProgress(progress([stage({ rows: 9 }), busy]));
      onProgress(progress([stage({ name: 'a → b', kind: 'plan', rows: 9 })]));
      return 'done';
    });
    expect(result).toBe('done');
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual([
      'source source',
      'transform parse',
      'plan a → b',
      'pipeline daily',
    ]);
    const whole = spans.at(-1)!;
    expect(
      spans.slice(0, 3).every((span) => span.parentSpanContext?.spanId === whole.spanContext().spanId),
    ).toBe(true);
    expect(spans[0]!.attributes['ruvector.stage.rows']).toBe(9);
    expect(whole.attributes['ruvector.pipeline.rows_in']).toBe(12_345);
  });

  it('records the error of a run that fails, and throws it on', async () => {
    exporter.reset();
    const failed = traceRun({ pipeline: 'daily', tracer }, () => Promise.reject(new Error('no room')));
    await expect(failed).rejects.toThrow('no room');
    const [span] = exporter.getFinishedSpans();
    expect(span!.status).toEqual({ code: 2, message: 'no room' });
    expect(span!.events[0]!.name).toBe('exception');
  });
});
