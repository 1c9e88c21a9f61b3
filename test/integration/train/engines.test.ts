// Two hosts that train together by the commands of docs/fleet.md, each on its own history through its running daemon; the
// model goes live as any other.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, finished, runCommand, startCommand, startDaemon } from '../../support/daemon.ts';
import { findFreePort } from '../../support/free-port.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const HZ = 20;
const script = join(import.meta.dirname, '../../support/train/federate.py');

interface Answer {
  readonly macroF1: number;
  readonly live: string;
  readonly version: string;
  readonly labelMismatches: number;
}

/** A command in the foreground of its host; ended with the block. */
function start(home: Home, words: readonly string[]): AsyncDisposable & { readonly told: () => string } {
  const child = startCommand(home, words);
  const end = finished(child);
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  return {
    told: () => told,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await end;
    },
  };
}

async function writeHistory(home: Home): Promise<void> {
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(1200, 120, 1000 / HZ);
  const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
}

it('federate server and client train two hosts on their histories; the model goes live', async () => {
  await using first = await createTestHome();
  await using second = await createTestHome();
  const homes = [first, second];
  await Promise.all(homes.map(writeHistory));
  const serve = ['--hz', String(HZ), '--horizon', '1'];
  await using _daemon = await startDaemon(first, serve);
  await using _other = await startDaemon(second, serve);
  const superlink = `127.0.0.1:${await findFreePort()}`;
  const port = superlink.slice(superlink.indexOf(':') + 1);
  const certificate = join(first.root, 'federation', 'keys', 'ca.pem');
  const client = ['federate', 'client', superlink, '--root-certificates', certificate];
  // The first words of the tutorial: print the line and make the key.
  for (const home of homes) {
    const { stdout, stderr, code } = await runCommand(home, [...client, '--print']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`flower-supernode --superlink ${superlink}`);
  }
  const allowed = homes.flatMap((home) => ['--allow', join(home.root, 'federation', 'keys', 'host.pub')]);
  await using server = start(first, ['federate', 'server', '--port', port, ...allowed]);
  const allows = (): void => {
    expect(existsSync(certificate)).toBe(true);
    expect(server.told().match(/registered successfully/g)).toHaveLength(2);
  };
  await vi.waitFor(allows, { timeout: 300_000, interval: 100 });
  await using _a = start(first, client);
  await using _b = start(second, client);
  const words = [script, first.root, superlink, certificate, '2'];
  const { stdout } = await promisify(execFile)(python, words, { timeout: 500_000 });
  const { macroF1, live, version, labelMismatches } = JSON.parse(stdout) as Answer;
  expect(live).toBe(`fleet@${version}`);
  expect(labelMismatches).toBe(0);
  // How good it is, beside a local fit: python/tests/engines/test_flower.py.
  expect(macroF1).toBeGreaterThan(0);
  const manifest = await readFile(join(first.root, 'models', 'fleet', version, 'manifest.json'), 'utf8');
  const { engine } = (JSON.parse(manifest) as { trainer: { engine: object } }).trainer;
  expect(engine).toMatchObject({ name: 'flower', rounds: 1, hosts: 2, failures: [], privacy: null });
}, 900_000);
