// What a process offers beside its host is there as soon as the host can be found, and ends with it.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import { createTestHome } from '../../support/daemon.ts';

it('openHost() writes bridge.json once what is attached has started, and closes that with the host', async () => {
  await using home = await createTestHome();
  const seen: string[] = [];
  const isFound = (): string => (existsSync(home.bridgeFile) ? 'found' : 'not found');
  const host = await openHost(
    home,
    buildConfig({}),
    {},
    {
      attach: async ({ bridge, streams }) => {
        await streams.start({ endpoint: 'ws://127.0.0.1:0' });
        seen.push(`${streams.list().length} stream, ${bridge.endpoints.control !== ''}, ${isFound()}`);
        return { [Symbol.asyncDispose]: async () => void seen.push(`closed, ${isFound()}`) };
      },
    },
  );
  seen.push(isFound());
  await host.close();
  expect(seen).toEqual(['1 stream, true, not found', 'found', 'closed, not found']);
});

it('openHost() leaves nothing behind when what is attached does not start', async () => {
  await using home = await createTestHome();
  const refused = openHost(
    home,
    buildConfig({}),
    {},
    { attach: () => Promise.reject(new Error('no port is free')) },
  );
  await expect(refused).rejects.toThrow('no port is free');
  expect(existsSync(home.bridgeFile)).toBe(false);
  await using again = await openHost(home, buildConfig({}));
  expect(again.status().pid).toBe(process.pid);
});
