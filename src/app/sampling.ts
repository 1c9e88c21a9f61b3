// The sampling loop: one collector on a fixed grid, one feature extractor, one callback a sample.
import { createCollector, sampleAtRate } from '../collect/index.ts';
import type { Sample } from '../collect/index.ts';
import { createSteadyTime, systemClock } from '../core/index.ts';
import type { SteadyTime } from '../core/index.ts';
import { createFeatureExtractor } from '../prepare/index.ts';
import type { FeatureSpec } from '../prepare/index.ts';
import type { HostConfig } from './config.ts';

/** What the optimizer knows of its own page-outs. */
export interface OwnRefaults {
  readonly filePages: number;
  readonly anonPages: number;
}

/** A sample with its place on the time that features run on. */
export interface TimedSample extends Sample {
  /** Its timestamp, less the steps of the wall clock since the sampling began. */
  readonly steadyMs: number;
}

/** Options of {@link runSampling}. */
export interface SamplingOptions {
  readonly config: Pick<HostConfig, 'hz' | 'processIntervalMs'>;
  readonly spec: FeatureSpec;
  readonly signal: AbortSignal;
  /** @default one that begins with the first sample */
  readonly steadyTime?: SteadyTime;
  /** Steady time of the last real action, for the features. */
  readonly lastActionMs: () => number | null;
  /** Pages that the optimizer had paged out and that came back since it started. @default none is known */
  readonly ownRefaults?: () => OwnRefaults | null;
  /** Called for each sample and awaited; a slow callback skips grid points, it never delays the later ones. */
  readonly onSample: (sample: TimedSample, features: Float32Array | null, missed: number) => Promise<void>;
}

/** Samples until the signal aborts. @throws what the collector throws */
export async function runSampling(options: SamplingOptions): Promise<void> {
  const { config, spec, signal, lastActionMs, ownRefaults = () => null, onSample } = options;
  const { steadyTime = createSteadyTime(systemClock) } = options;
  await using collector = await createCollector({ processIntervalMs: config.processIntervalMs });
  const extractor = createFeatureExtractor(spec);
  const samples = sampleAtRate({ collector, hz: config.hz, signal });
  for await (const taken of samples) {
    const sample = withOwnRefaults(taken, ownRefaults());
    const { memory, monotonicMs } = sample;
    const steadyMs = steadyTime.at({ wallMs: memory.timestamp, monotonicMs });
    const features = extractor.push(memory, { lastOptimizationMs: lastActionMs(), timeMs: steadyMs });
    await onSample({ ...sample, steadyMs }, features, samples.missed);
  }
}

/** Adds what only the optimizer knows, before features and history see the sample. */
export function withOwnRefaults(sample: Sample, own: OwnRefaults | null): Sample {
  if (own === null) return sample;
  const columns = { own_refault_file: own.filePages, own_refault_anon: own.anonPages };
  return { ...sample, memory: { ...sample.memory, ...columns } };
}
