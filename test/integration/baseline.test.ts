import { describe, expect, it } from 'vitest';
import { buildConfig } from '../../src/app/config.ts';
import type { HostConfig } from '../../src/app/config.ts';
import { openHost } from '../../src/app/host.ts';
import type { Home } from '../../src/app/home.ts';
import { createTestHome } from '../support/daemon.ts';

/** Opens a host for a moment and says what decides there. */
async function look(
  home: Home,
  config: Partial<HostConfig>,
): Promise<{ live: string | null; isBaseline: boolean; versions: number; log: string }> {
  const log: string[] = [];
  await using host = await openHost(home, buildConfig(config), { onLog: (text) => log.push(text) });
  const [listing] = await host.registry.list();
  if (host.models.liveVersion !== null) {
    const { probabilities } = await host.models.predict(new Float32Array(host.spec.names.length));
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 3);
  }
  return { ...host.status().model, versions: listing?.versions.length ?? 0, log: log.join('\n') };
}

describe('the bundled baseline', () => {
  it('decides in a home without a model, says so, and is installed once', async () => {
    await using home = await createTestHome();
    const first = await look(home, {});
    expect(first).toMatchObject({ live: expect.stringMatching(/^memopt@/), isBaseline: true, versions: 1 });
    expect(first.log).toContain('deciding by the bundled baseline memopt@');
    expect(await look(home, {})).toEqual({ ...first, log: '' });
  });

  it('decides under whatever name decides', async () => {
    await using home = await createTestHome();
    expect(await look(home, { modelName: 'other' })).toMatchObject({
      live: expect.stringMatching(/^other@/),
      isBaseline: true,
    });
  });

  it('is left out where features are computed otherwise, and says so', async () => {
    await using home = await createTestHome();
    const seen = await look(home, { hz: 20 });
    expect(seen).toMatchObject({ live: null, isBaseline: false, versions: 0 });
    expect(seen.log).toContain('samples at another rate and decides by rules');
  });

  it('is left out when it is not wanted', async () => {
    await using home = await createTestHome();
    expect(await look(home, { baseline: false })).toEqual({
      live: null,
      isBaseline: false,
      versions: 0,
      log: '',
    });
  });
});
