// What a host says of a model that it may have taken before it was killed.
import { expect, it } from 'vitest';
import { buildOfferedModels } from '../../../../src/app/fleet/offered-models.ts';
import { buildConfig } from '../../../../src/app/host/config.ts';
import { openHost } from '../../../../src/app/host/host.ts';
import { createTestHome } from '../../../support/daemon.ts';

it('buildOfferedModels() finds what is live by its bytes, of a host, and of a name that it never had', async () => {
  await using home = await createTestHome();
  await using host = await openHost(home, buildConfig({}));
  const offered = buildOfferedModels(host, 'gate');
  const live = await host.registry.show(host.models.liveVersion!);
  expect(await offered.findLive('memopt', live.manifest.model.sha256)).toBe(live.version);
  expect(await offered.findLive('memopt', '0'.repeat(64))).toBe(null);
  expect(await offered.findLive('another', live.manifest.model.sha256)).toBe(null);
});
