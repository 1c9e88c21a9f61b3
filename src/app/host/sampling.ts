// The sampling loop: one collector on a fixed grid, one feature extractor, one callback a sample.
import { createCollector, sampleAtRate } from '../../collect/index.ts';
import type { Sample } from '../../collect/index.ts';
import { createSteadyTime, systemClock } from '../../core/index.ts';
import type { RowHistory, SteadyTime } from '../../core/index.ts';
import { createFeatureExtractor } from '../../prepare/index.ts';
import type { FeatureExtractor, FeatureSpec } from '../../prepare/index.ts';
import type { HostConfig } from './config.ts';
import type { SamplingHealth } from './sampling-health.ts';

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
  readonly config: Pick<HostConfig, 'hz' | 'processIntervalMs' | 'procfs'>;
  readonly spec: FeatureSpec;
  readonly signal: AbortSignal;
  /** @default one that begins with the first sample */
  readonly steadyTime?: SteadyTime;
  /** Steady time of the last real action, for the features. */
  readonly lastActionMs: () => number | null;
  /** Pages that the optimizer had paged out and that came back since it started. @default none is known */
  readonly ownRefaults?: () => OwnRefaults | null;
  /** Fills the windows with what came before the start. @default they begin empty */
  readonly fill?: (extractor: FeatureExtractor) => Promise<void>;
  /** Told of what fails; nothing that fails ends the sampling or moves its grid. */
  readonly health: SamplingHealth;
  /** Called for each sample and awaited; a slow callback skips grid points, it never delays the later ones. */
  readonly onSample: (
    sample: TimedSample,
    features: Float32Array | null,
    history: RowHistory,
  ) => Promise<void>;
}

/** Samples until the signal aborts. @throws RuvectorError `ERR_COLLECT_RATE`, `ERR_COLLECT_OPTION` */
export async function runSampling(options: SamplingOptions): Promise<void> {
  const { config, spec, signal, health, lastActionMs, ownRefaults = () => null, onSample } = options;
  const { steadyTime = createSteadyTime(systemClock) } = options;
  await using collector = await createCollector({
    procRoot: config.procfs,
    processIntervalMs: config.processIntervalMs,
  });
  const extractor = createFeatureExtractor(spec);
  await health.guard('features', async () => options.fill?.(extractor));
  const samples = sampleAtRate({
    collector,
    hz: config.hz,
    signal,
    onSkip: (error) => health.skip('collect', error),
  });
  for await (const taken of samples) {
    health.take(taken.health, samples.missed);
    const { monotonicMs } = taken;
    const steadyMs = steadyTime.at({ wallMs: taken.memory.timestamp, monotonicMs });
    let sample: TimedSample = { ...taken, steadyMs };
    let features: Float32Array | null = null;
    await health.guard('features', () => {
      sample = withOwnRefaults(sample, ownRefaults());
      features = extractor.push(sample.memory, { lastOptimizationMs: lastActionMs(), timeMs: steadyMs });
    });
    await health.guard('store', () => onSample(sample, features, extractor.history()));
  }
}

/** Adds what only the optimizer knows, before features and history see the sample. */
export function withOwnRefaults<S extends Sample>(sample: S, own: OwnRefaults | null): S {
  if (own === null) return sample;
  const columns = { own_refault_file: own.filePages, own_refault_anon: own.anonPages };
  return { ...sample, memory: { ...sample.memory, ...columns } };
}
