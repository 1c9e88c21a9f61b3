// Models offered to real daemons over a real NATS server: canaries first, all when they are well, back when one is not.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import type { OfferOutcome } from '../../../src/fleet/index.ts';
import { createTestHome, finished, poll, startCommand, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { startNats } from '../../support/nats-server.ts';
import type { NatsServer } from '../../support/nats-server.ts';

let server: NatsServer;
const cleanup = new AsyncDisposableStack();

interface TestHost {
  readonly home: Home;
  readonly daemon: Daemon;
  readonly name: string;
}

async function startFleetHost(...words: readonly string[]): Promise<TestHost> {
  const home = cleanup.use(await createTestHome());
  const daemon = cleanup.use(
    await startDaemon(home, ['--publish', server.url, '--accept-models', 'always', ...words]),
  );
  const name = (await readFile(join(home.root, 'fleet/host-name'), 'utf8')).trim();
  return { home, daemon, name };
}

const liveOf = async ({ daemon }: TestHost): Promise<string | null> =>
  ((await daemon.client.request('status')).result as { model: { live: string | null } }).model.live;

/** @param watchedSeconds a canary that refuses ends the watch, one that is well does not */
async function deploy(
  from: TestHost,
  canary: string,
  watchedSeconds = 60,
): Promise<{ code: number | null; outcome: OfferOutcome }> {
  const words = ['fleet', 'deploy', 'memopt@live', server.url, '--canary', canary];
  const times = ['--canary-seconds', String(watchedSeconds), '--settle-seconds', '60'];
  const { code, stdout, stderr } = await finished(
    startCommand(from.home, [...words, ...times, '--hosts', '2', '--json']),
  );
  if (stdout === '') throw new Error(stderr);
  return { code, outcome: JSON.parse(stdout) as OfferOutcome };
}

let usual: [TestHost, TestHost];

beforeAll(async () => {
  server = cleanup.use(await startNats());
  usual = await Promise.all([startFleetHost(), startFleetHost()]);
});
afterAll(() => cleanup.disposeAsync());

const statesOf = ({ reports }: OfferOutcome): Record<string, string> =>
  Object.fromEntries(reports.map(({ host, state }) => [host, state]));

/** What the usual hosts decide by between two offers. */
let settled: (string | null)[] = [];

/** A host that an offer reaches as it is withdrawn may make it live, and goes back a moment later. */
const untilSettled = (): Promise<unknown> =>
  poll(
    () => Promise.all(usual.map(liveOf)),
    (live) => live.every((version, i) => version === settled[i]),
  );

describe('fleet deploy', () => {
  it('makes a model live on canaries first, then on every host, each under a version of its own', async () => {
    const before = await Promise.all(usual.map(liveOf));
    // The lot may draw no canary of two hosts; then nothing is offered to the others.
    let found = await deploy(usual[0], '0.8', 3);
    while (found.outcome.reason === 'no canary answered') found = await deploy(usual[0], '0.8', 3);
    expect(found).toMatchObject({ code: 0, outcome: { stage: 'all' } });
    expect(statesOf(found.outcome)).toEqual({ [usual[0].name]: 'live', [usual[1].name]: 'live' });
    settled = await Promise.all(usual.map(liveOf));
    for (const [i, version] of settled.entries()) expect(version).not.toBe(before[i]);
  });

  it('is withdrawn, and canaries that took it go back, when another one refuses it', async () => {
    // Another rate, other features: the model does not fit there.
    const other = await startFleetHost('--hz', '5');
    const { code, outcome } = await deploy(usual[0], '0.9999999');
    expect({ code, outcome }).toMatchObject({ code: 1, outcome: { stage: 'withdrawn' } });
    expect(outcome.reason).toContain(`${other.name} refused: ERR_MODEL_`);
    expect(statesOf(outcome)[other.name]).toBe('refused');
    await untilSettled();
    expect(await liveOf(other)).not.toBe(null);
  });

  it('is refused by every host when its bytes are not those that its manifest vouches for', async () => {
    await untilSettled();
    const [{ home }] = usual;
    const { code, stdout } = await finished(startCommand(home, ['models', 'show', 'memopt@live', '--json']));
    expect(code).toBe(0);
    const { directory } = JSON.parse(stdout) as { directory: string };
    expect(await readdir(directory)).toContain('model.onnx');
    const path = join(directory, 'model.onnx');
    const bytes = await readFile(path);
    const changed = Buffer.from(bytes);
    changed[changed.length >> 1]! ^= 1;
    await writeFile(path, changed);
    try {
      const { outcome } = await deploy(usual[0], '0.9999999');
      expect(outcome).toMatchObject({ stage: 'withdrawn' });
      // The offer may be withdrawn before the other one looks.
      expect(new Set(Object.values(statesOf(outcome)))).toEqual(new Set(['refused']));
      await untilSettled();
    } finally {
      await writeFile(path, bytes);
    }
  });
});
