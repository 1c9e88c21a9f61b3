// Engines and running daemons: a fit on Ray, and three hosts that train together by the commands of docs/fleet.md, each
// on its own history. What they give is as good as a local fit on the rows of the daemon it goes live on.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, finished, runCommand, startCommand, startDaemon } from '../../support/daemon.ts';
import { findFreePort } from '../../support/free-port.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

// An hour of history: what the daemons collect meanwhile is a small part of the test split.
const ROWS = 3600;
const NEAR = 0.01;
const HOSTS = 3;
const script = join(import.meta.dirname, '../../support/train/engine-fit.py');
const cleanup = new AsyncDisposableStack();
const homes: Home[] = [];

interface Answer {
  readonly macroF1: number;
  readonly localMacroF1: number;
  readonly testCounts: number[];
  readonly live: string;
  readonly version: string;
  readonly labelMismatches: number;
  /** Of a probability, here and by the engine. */
  readonly largestDifference: number;
  /** Below the process that fitted. */
  readonly processesLeft: number;
}

/** What the manifest says of the engine, and how far its model is from a local one. */
interface EngineFit {
  readonly engine: object;
  readonly largestDifference: number;
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
  const rows = pressuredSnapshots(ROWS, 120);
  const shiftMs = Date.now() - 2000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
}

/** Fits, compares with a local fit, deploys; nothing is left running. */
async function fitAndDeploy(
  home: Home,
  estimator: string,
  engine: string,
  options: object,
): Promise<EngineFit> {
  const words = [script, home.root, estimator, engine, JSON.stringify(options)];
  const env = { ...process.env, HOME: home.root };
  const { stdout } = await promisify(execFile)(python, words, { timeout: 500_000, env });
  // Ray's own processes may say something before.
  const found = JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
  expect(found.live).toBe(`${engine}@${found.version}`);
  expect(found.labelMismatches).toBe(0);
  expect(found.testCounts.filter((count) => count >= 50).length).toBeGreaterThan(1);
  expect(found.localMacroF1).toBeGreaterThan(0.4);
  expect(Math.abs(found.macroF1 - found.localMacroF1), JSON.stringify(found)).toBeLessThanOrEqual(NEAR);
  expect(found.processesLeft).toBe(0);
  expect(existsSync(join(home.root, `.${engine}`))).toBe(false);
  const manifest = await readFile(join(home.root, 'models', engine, found.version, 'manifest.json'), 'utf8');
  return {
    engine: (JSON.parse(manifest) as { trainer: { engine: object } }).trainer.engine,
    largestDifference: found.largestDifference,
  };
}

beforeAll(async () => {
  for (let i = 0; i < HOSTS; i++) {
    const home = cleanup.use(await createTestHome());
    await writeHistory(home);
    cleanup.use(await startDaemon(home, ['--hz', '1', '--horizon', '5']));
    homes.push(home);
  }
}, 300_000);

afterAll(() => cleanup.disposeAsync(), 120_000);

it('fit() on Ray gives a daemon the model of a local fit, and it goes live', async () => {
  const found = await fitAndDeploy(homes[0]!, 'sklearn.RandomForestClassifier', 'ray', { workers: 2 });
  const { engine, largestDifference } = found;
  expect(largestDifference).toBe(0);
  expect(engine).toMatchObject({ name: 'ray', workers: 2, how: 'a share of the trees a worker, joined' });
}, 600_000);

it('federate server and client train three hosts on their histories; the model goes live', async () => {
  const [first, second, third] = homes as [Home, Home, Home];
  // One address of the machine, as on a network; what it says of itself is asked there and not on the loopback's own.
  const host = '127.0.0.2';
  const superlink = `${host}:${await findFreePort()}`;
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
  await using server = start(first, ['federate', 'server', '--host', host, '--port', port, ...allowed]);
  const allows = (): void => {
    expect(existsSync(certificate)).toBe(true);
    expect(server.told().match(/registered successfully/g)).toHaveLength(HOSTS);
  };
  await vi.waitFor(allows, { timeout: 300_000, interval: 100 });
  await using _a = start(first, client);
  const fitting = fitAndDeploy(first, 'sklearn.LogisticRegression', 'flower', {
    address: superlink,
    root_certificates: certificate,
    hosts: HOSTS,
    rounds: 1,
  });
  // A host that comes after the fit began is waited for, and takes part.
  await sleep(10_000);
  await using _b = start(second, client);
  await using _c = start(third, client);
  const { engine } = await fitting;
  expect(engine).toMatchObject({ name: 'flower', rounds: 1, hosts: HOSTS, failures: [], privacy: null });
}, 900_000);
