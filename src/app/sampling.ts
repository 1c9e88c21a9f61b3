// The sampling loop: one collector on a fixed grid, one feature extractor, one callback a sample.
import { createCollector, sampleAtRate } from '../collect/index.ts';
import type { Sample } from '../collect/index.ts';
import { createFeatureExtractor } from '../prepare/index.ts';
import type { FeatureSpec } from '../prepare/index.ts';
import type { HostConfig } from './config.ts';

/** Options of {@link runSampling}. */
export interface SamplingOptions {
  readonly config: Pick<HostConfig, 'hz' | 'processIntervalMs'>;
  readonly spec: FeatureSpec;
  readonly signal: AbortSignal;
  /** Time of the last real action, for the features. */
  readonly lastActionMs: () => number | null;
  /** Called for each sample and awaited; a slow callback skips grid points, it never delays the later ones. */
  readonly onSample: (sample: Sample, features: Float32Array | null, missed: number) => Promise<void>;
}

/** Samples until the signal aborts. @throws what the collector throws */
export async function runSampling(options: SamplingOptions): Promise<void> {
  const { config, spec, signal, lastActionMs, onSample } = options;
  await using collector = await createCollector({ processIntervalMs: config.processIntervalMs });
  const extractor = createFeatureExtractor(spec);
  const samples = sampleAtRate({ collector, hz: config.hz, signal });
  for await (const sample of samples) {
    const features = extractor.push(sample.memory, { lastOptimizationMs: lastActionMs() });
    await onSample(sample, features, samples.missed);
  }
}
