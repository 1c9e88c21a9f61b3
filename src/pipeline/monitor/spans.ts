// Runs as OpenTelemetry spans: one for the pipeline, one under it for each stage. Through the API only: without an SDK
// in the process all of this does nothing. https://opentelemetry.io/docs/specs/otel/trace/api/
import type { Attributes, Context, Tracer } from '@opentelemetry/api';
import { messageOf } from '../../core/index.ts';
import type { PipelineProgress, StageStats } from '../contract.ts';

/** Options of {@link traceRun}. */
export interface TraceOptions {
  readonly pipeline: string;
  /** @default `ruvector-memopt` of the global provider */
  readonly tracer?: Tracer;
}

/**
 * Runs a pipeline within a span, which is the active one meanwhile.
 * @param run gets what it has to call as `onProgress`
 * @example
 * await traceRun({ pipeline: 'daily' }, (onProgress) => plan.run({ onProgress }));
 */
export async function traceRun<T>(
  options: TraceOptions,
  run: (onProgress: (progress: PipelineProgress) => void) => Promise<T>,
): Promise<T> {
  const { SpanStatusCode, context, trace } = await import('@opentelemetry/api');
  const tracer = options.tracer ?? trace.getTracer('ruvector-memopt');
  const span = tracer.startSpan(`pipeline ${options.pipeline}`);
  const inner = trace.setSpan(context.active(), span);
  const watch = new StageWatch();
  try {
    return await context.with(inner, () => run((progress) => watch.note(progress)));
  } catch (error) {
    span.recordException(error instanceof Error ? error : messageOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    throw error;
  } finally {
    watch.write(tracer, inner);
    span.setAttributes(watch.attributes());
    span.end();
  }
}

interface SeenStage {
  readonly startMs: number;
  endMs: number;
  stats: StageStats;
}

/** What was seen of each stage. A run in legs shows the stages of one leg at a time. */
class StageWatch {
  readonly #stages = new Map<string, SeenStage>();
  #legStartMs = Date.now();
  #last: PipelineProgress | null = null;

  note(progress: PipelineProgress): void {
    const nowMs = Date.now();
    if (!progress.stages.some(({ name }) => this.#stages.has(name)) && this.#last) this.#legStartMs = nowMs;
    for (const stats of progress.stages) {
      const seen = this.#stages.get(stats.name);
      if (!seen) this.#stages.set(stats.name, { startMs: this.#legStartMs, endMs: nowMs, stats });
      else Object.assign(seen, { endMs: nowMs, stats });
    }
    this.#last = progress;
  }

  write(tracer: Tracer, parent: Context): void {
    for (const [name, { startMs, endMs, stats }] of this.#stages) {
      const attributes = attributesOf(stats);
      tracer.startSpan(`${stats.kind} ${name}`, { startTime: startMs, attributes }, parent).end(endMs);
    }
  }

  attributes(): Attributes {
    if (!this.#last) return {};
    const { rowsIn, rowsOut, budget } = this.#last;
    return {
      'ruvector.pipeline.rows_in': rowsIn,
      'ruvector.pipeline.rows_out': rowsOut,
      'ruvector.pipeline.budget_peak_bytes': budget.peakBytes,
    };
  }
}

function attributesOf(stats: StageStats): Attributes {
  const figures = {
    rows: stats.rows,
    batches: stats.batches,
    skipped_rows: stats.skippedRows,
    dead_rows: stats.deadRows,
    busy_ms: stats.busyMs,
    starved_ms: stats.starvedMs,
    blocked_ms: stats.blockedMs,
    workers: stats.workers,
  };
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [`ruvector.stage.${name}`, value]),
  );
}
