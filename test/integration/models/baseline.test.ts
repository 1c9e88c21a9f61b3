// The rule as the first model: its package is the thresholds, at any rate, and a quiet host needs nothing.
import type { Home } from '../../../src/core/index.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundledModels } from '../../../src/app/models/baseline.ts';
import { buildConfig } from '../../../src/app/host/config.ts';
import type { HostConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { buildRulePackage } from '../../../src/app/models/rule-package.ts';
import { labels } from '../../../src/core/index.ts';
import { openRegistry } from '../../../src/models/index.ts';
import { RULE_THRESHOLDS, createRulePolicy } from '../../../src/optimize/index.ts';
import { buildFeatureSpec, featureSpecSha256 } from '../../../src/prepare/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { buildUpload } from '../../support/models/held-out.ts';
import { snapshot } from '../../support/memory-rows.ts';

/** Opens a host for a moment and says what decides there. */
async function look(
  home: Home,
  config: Partial<HostConfig>,
): Promise<{ live: string | null; isBaseline: boolean; versions: number; log: string }> {
  const log: string[] = [];
  await using host = await openHost(home, buildConfig(config), { onLog: (text) => log.push(text) });
  const [listing] = await host.registry.list();
  const { live, isBaseline } = host.status().model;
  return { live, isBaseline, versions: listing?.versions.length ?? 0, log: log.join('\n') };
}

const rowOf = (host: Host, signals: Record<string, number>): Float32Array =>
  Float32Array.from(host.spec.names, (name) => signals[name] ?? 0);

describe('openHost() with the rule as a model', () => {
  it('decides in a home without a model, says so, and installs it once', async () => {
    await using home = await createTestHome();
    const first = await look(home, {});
    expect(first).toMatchObject({ live: expect.stringMatching(/^memopt@/), isBaseline: true, versions: 1 });
    expect(first.log).toContain('deciding by the rule, memopt@');
    expect(await look(home, {})).toEqual({ ...first, log: '' });
  });

  it('decides under whatever name decides', async () => {
    await using home = await createTestHome();
    expect(await look(home, { modelName: 'other' })).toMatchObject({
      live: expect.stringMatching(/^other@/),
      isBaseline: true,
    });
  });

  it.each([0.1, 20, 50])('decides at %d Hz, bound to the features of that rate', async (hz) => {
    await using home = await createTestHome();
    await using host = await openHost(home, buildConfig({ hz }));
    const { manifest } = await host.registry.show('memopt@live');
    expect(manifest.featureSpecSha256).toBe(featureSpecSha256(host.spec));
    expect(manifest.trainer.estimator).toBe('rule');
    expect(await host.models.predict(rowOf(host, { available_percent: 90 }))).toMatchObject({
      label: 'NoActionNeeded',
    });
  });

  it('binds it again when the host samples at another rate', async () => {
    await using home = await createTestHome();
    await look(home, { hz: 1 });
    const seen = await look(home, { hz: 20 });
    expect(seen).toMatchObject({ isBaseline: true, versions: 2 });
    expect(seen.log).toContain('deciding by the rule');
  });

  it('leaves a model alone that was made live', async () => {
    await using home = await createTestHome();
    {
      await using host = await openHost(home, buildConfig({}));
      await host.deploy({ ...buildUpload(host.spec, { 1: 50 }, null), activate: true });
    }
    expect(await look(home, {})).toMatchObject({ isBaseline: false, versions: 2, log: '' });
  });

  it('leaves it out when it is not wanted', async () => {
    await using home = await createTestHome();
    expect(await look(home, { baseline: false })).toEqual({
      live: null,
      isBaseline: false,
      versions: 0,
      log: '',
    });
  });

  it('answers as the rule does on a grid, on both sides of every limit', async () => {
    await using home = await createTestHome();
    await using host = await openHost(home, buildConfig({ hz: 5 }));
    const next = (value: number, step: number): number => {
      const bits = new Int32Array(new Float32Array([value]).buffer);
      return new Float32Array(Int32Array.of(bits[0]! + step).buffer)[0]!;
    };
    const limitsOf = (signal: string, scale: number): number[] =>
      RULE_THRESHOLDS.filter((threshold) => threshold.signal === signal)
        .map(({ limit }) => Math.fround(limit * scale))
        .flatMap((limit) => [next(limit, -1), limit, next(limit, 1)]);
    const seen = new Set<string>();
    for (const available of [1, 50, 99, ...limitsOf('available', 100)]) {
      for (const some of [0, 0.5, ...limitsOf('psi-some', 1)]) {
        for (const full of [0, 0.5, ...limitsOf('psi-full', 1)]) {
          const signals = { available_percent: available, psi_memory_some: some, psi_memory_full: full };
          const features = rowOf(host, signals);
          const { label, probabilities } = await host.models.predict(features);
          // A rule that has seen one snapshot only takes the pressure from the features.
          const wanted = await createRulePolicy().decide({
            snapshot: snapshot({ mem_available_kib: available, mem_total_kib: 100 }),
            features,
            featureNames: host.spec.names,
          });
          expect({ ...signals, label }).toEqual({ ...signals, label: wanted.label });
          expect(probabilities[labels.indexOf(label)]).toBe(1);
          seen.add(label);
        }
      }
    }
    expect([...seen].sort()).toEqual([...labels].sort());
  });

  it('has it bundled as built from today’s thresholds and features', async () => {
    const bundled = await (await openRegistry(bundledModels)).show('memopt@live');
    const spec = buildFeatureSpec();
    const { model } = buildRulePackage({
      name: 'memopt',
      featureNames: spec.names,
      featureSpecSha256: featureSpecSha256(spec),
      created: bundled.manifest.created,
    })!;
    // When this fails: node scripts/build-baseline.mjs
    expect(await readFile(join(bundled.directory, 'model.onnx'))).toEqual(Buffer.from(model));
    expect(bundled.manifest.metrics).toMatchObject({
      macroF1: expect.any(Number),
      interval: [expect.any(Number), expect.any(Number)],
      baseline: {
        majority: { interval: expect.any(Array) },
        usageThreshold: { interval: expect.any(Array) },
      },
    });
  });
});

describe('buildRulePackage()', () => {
  it('reads its columns by name, wherever they are', () => {
    const options = { name: 'm', featureSpecSha256: 'a'.repeat(64), created: '2026-01-01T00:00:00.000Z' };
    const names = ['psi_memory_full', 'x', 'available_percent', 'psi_memory_some'];
    expect(buildRulePackage({ ...options, featureNames: names })!.manifest.input.shape).toEqual([null, 4]);
    expect(buildRulePackage({ ...options, featureNames: names.slice(1) })).toBeNull();
  });
});
