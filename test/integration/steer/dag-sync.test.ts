// `dag sync` as two people use it on two homes.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import { createPolicy } from '../../../src/steer/index.ts';
import type { SyncStatus } from '../../../src/steer/index.ts';
import { createTestHome, finished, runCommand, startCommand } from '../../support/daemon.ts';
import { findFreePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';

const sync = (home: Home, ...words: string[]) => runCommand(home, ['dag', 'sync', ...words]);
const parse = ({ stdout }: { readonly stdout: string }): unknown => JSON.parse(stdout);

/** A state as `dag steer` writes it, with one template that is steered. */
function steeredState(): string {
  const policy = createPolicy({ arms: ['default', 'no_nestloop'], defaultArm: 'default', seed: 1 });
  for (let i = 0; i < 400; i++) {
    const choice = policy.choose({ template: 't', parameters: `p${i % 10}`, isReadOnly: true, nowMs: i });
    policy.observe(choice, { ms: choice.arm === 'default' ? 100 : 10, timedOut: false }, i);
  }
  return JSON.stringify({ format: 'ruvector-steer', version: 1, policy });
}

async function pin(at: Home, peer: Home, name: string, ...more: string[]): Promise<void> {
  const card = join(at.root, `${name}.txt`);
  const { stdout, stderr } = await sync(peer, 'keys');
  await writeFile(card, stdout);
  const fingerprint = /fingerprint ([0-9a-f]{64})/.exec(stderr)![1]!;
  const added = await sync(at, 'peers', 'add', name, card, '--fingerprint', fingerprint, ...more);
  expect(added.code).toBe(0);
  expect(added.stdout).toContain(fingerprint);
}

describe('dag sync', () => {
  it('takes a vote from one home to another, counts what it cost, and stops at the budget', async () => {
    await using a = await createTestHome();
    await using b = await createTestHome();
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    await pin(a, b, 'berlin', '--endpoint', endpoint);
    await pin(b, a, 'athens');
    expect((await stat(join(a.root, 'sync', 'keys.json'))).mode & 0o777).toBe(0o600);
    await mkdir(join(a.root, 'steer'));
    for (const name of ['one.json', 'two.json', 'one.json.lock'])
      await writeFile(join(a.root, 'steer', name), steeredState());
    const run = ['run', '--maturity', '0s', '--resend', '0s', '--epsilon-per-day', '1', '--json'];
    // Nobody listens yet.
    const away = await sync(a, ...run);
    expect(away.code).toBe(1);
    expect(parse(away)).toMatchObject({ released: 1, delivered: 0, waiting: 1 });
    const child = startCommand(b, ['dag', 'sync', 'serve', '--listen', endpoint]);
    let log = '';
    child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const end = finished(child);
    try {
      await until(() => log.includes('listening on'), 'it listens');
      const spent = await sync(a, ...run);
      expect(spent.code).toBe(1);
      expect(spent.stderr).toContain('ERR_STEER_SYNC_BUDGET');
      expect(parse(spent)).toMatchObject({ released: 0, heldByBudget: 1, delivered: 1, waiting: 0 });
    } finally {
      child.kill('SIGTERM');
    }
    expect((await end).code).toBe(0);
    expect(parse(await sync(b, 'status', '--json'))).toMatchObject({
      patterns: 1,
      peers: [{ name: 'athens', taken: 1 }],
    });
    expect(parse(await sync(a, 'ledger', '--json'))).toMatchObject([
      { epsilon: 1, delta: 0, patterns: 1, releases: 1 },
    ]);
    const removed = await sync(b, 'peers', 'remove', 'athens');
    expect(removed.code).toBe(0);
    const { peers, patterns } = parse(await sync(b, 'status', '--json')) as SyncStatus;
    expect([peers, patterns]).toEqual([[], 0]);
  });

  it('refuses wrong use with exit code 2, and cards that are none', async () => {
    await using home = await createTestHome();
    const { stdout } = await sync(home, 'keys');
    const card = join(home.root, 'card.txt');
    await writeFile(card, stdout);
    for (const [words, code, text] of [
      [['frobnicate'], 2, 'unknown command'],
      [['peers', 'add', 'x'], 2, 'missing required argument'],
      [['peers', 'add', 'x', card, '--fingerprint', 'ab'], 2, 'has the fingerprint'],
      [['peers', 'add', 'x', '/nonexistent'], 2, 'cannot be read'],
      [['serve', '--min-interval', '1s'], 2, 'from 1m to 1h'],
      [['run', '--state', '/nonexistent'], 2, 'cannot be read'],
      [['run', '--patterns', card], 2, 'cannot be read'],
      [['run', '--epsilon', '0.0001'], 2, 'ERR_STEER_SYNC_OPTION'],
      [['peers', 'remove', 'nobody'], 1, 'ERR_STEER_SYNC_PEER'],
    ] as const) {
      const result = await sync(home, ...words);
      expect([result.code, result.stderr], words.join(' ')).toEqual([code, expect.stringContaining(text)]);
    }
    await writeFile(card, (await readFile(card, 'utf8')).slice(0, 100));
    expect((await sync(home, 'peers', 'add', 'x', card)).stderr).toContain('ERR_STEER_SYNC_PEER');
  });
});
