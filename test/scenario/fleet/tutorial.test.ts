// docs/fleet.md as a platform engineer follows it, on one machine: every command of its NATS sections is run, in order, with
// the addresses and files of this test.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { resolveHome } from '../../../src/core/index.ts';
import { connectDaemon } from '../../../src/bridge/index.ts';
import type { PublisherStatus } from '../../../src/fleet/index.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makeCertificates, makeUserKey } from '../../support/fleet/certificates.ts';
import { createFolder, readLake } from '../../support/fleet/fleet-hosts.ts';
import { python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const text = readFileSync(join(root, 'docs/fleet.md'), 'utf8');
const bin = join(root, 'bin/ruvector-memopt.mjs');

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** Blocks of one section, down to the next of the same depth. */
function blocksOf(heading: string): Block[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading))!;
  return [...section.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, body]) => ({
    language: language!,
    lines: body!.trimEnd().split('\n'),
  }));
}

/** Machines of the tutorial on this one: an address, a working folder, programs that run. */
class Tutorial implements AsyncDisposable {
  readonly #folder: string;
  readonly #port: number;
  readonly #running: ChildProcess[] = [];

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** Starts a command as it is written. @param home of which machine */
  start(line: string, home: string, more: readonly string[] = []): ChildProcess {
    const words = line.replaceAll('10.0.0.5:4222', `127.0.0.1:${this.#port}`).split(' ');
    const [program, ...rest] =
      words[0] === 'npx'
        ? [process.execPath, bin, '--home', join(this.#folder, home), ...words.slice(2)]
        : words.map((word) =>
            word === '10.0.0.5' ? '127.0.0.1' : word === '4222' ? String(this.#port) : word,
          );
    const command =
      program === 'nats-server' && existsSync('/usr/sbin/nats-server') ? '/usr/sbin/nats-server' : program!;
    const child = spawn(command, [...rest, ...more], {
      cwd: this.#folder,
      env: { ...process.env, RUVECTOR_PYTHON: python },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    return child;
  }

  /** Runs it to its end, and gives what it printed. */
  async run(line: string, home: string, more: readonly string[] = []): Promise<string> {
    return outputOf(this.start(line, home, more));
  }

  async python(lines: readonly string[]): Promise<string> {
    const child = spawn(python, ['-c', lines.join('\n')], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return outputOf(child);
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** What the publisher of a machine says. */
  async publisher(home: string): Promise<PublisherStatus | null> {
    try {
      await using client = await connectDaemon(resolveHome(join(this.#folder, home)).bridgeFile);
      const { result } = await client.request('status');
      return (result as { outlets: { publish: PublisherStatus | null } }).outlets.publish;
    } catch {
      return null;
    }
  }

  /** A daemon that starts on a busy machine is not asked without a pause. */
  async untilSent(home: string): Promise<void> {
    while (((await this.publisher(home))?.sentRows ?? 0) <= 20) await sleep(500);
  }

  async untilListening(): Promise<void> {
    while (!(await listens(this.#port))) await sleep(100);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((child) => this.stop(child, 'SIGKILL')));
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  let errors = '';
  child.stdout!.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr!.on('data', (part: Buffer) => (errors += part.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`ended with ${code}: ${errors}`);
  return output;
}

const quick = ['--publish-seconds', '0.5', '--process-interval', '1', '--hz', '5'];

describe('docs/fleet.md', () => {
  it('collects two hosts into a lake that DuckDB, Polars and pyarrow read, and offers them a model', async () => {
    await using folder = await createFolder();
    await using tutorial = new Tutorial(folder.path, await findFreePort());
    const [server, collect, serve, status, once_, read] = blocksOf('Collect').map(({ lines }) => lines);
    const nats = tutorial.start(server![0]!, 'server');
    const collector = tutorial.start(collect![0]!, 'server', ['--seconds', '1']);
    const [deployServe, deploy] = blocksOf('Deploy').map(({ lines }) => lines);
    tutorial.start(serve![0]!, 'one', quick);
    tutorial.start(deployServe![0]!, 'two', quick);
    await Promise.all(['one', 'two'].map((home) => tutorial.untilSent(home)));
    expect(await tutorial.run(status![0]!, 'one')).toMatch(
      /publish +as h[0-9a-f]{12} to nats:.*connected: \d+ rows sent/,
    );
    await tutorial.stop(collector);
    expect(JSON.parse(await tutorial.run(once_![0]!, 'server'))).toMatchObject({ refused: 0, missing: 0 });
    const lake = await readLake(join(folder.path, 'lake'));
    expect(lake).toHaveLength(2);
    for (const { rows, times } of lake) expect(times).toBe(rows);
    const seen = await tutorial.python(read!);
    for (const { host } of lake) expect(seen.split(host)).toHaveLength(3);
    expect(seen.trim().split('\n').at(-1)).toBe(String(lake.reduce((sum, { rows }) => sum + rows, 0)));
    const name = (await tutorial.publisher('two'))!.host;
    // As it is written, but for the time that canaries are watched; one host listens, so it is the canary.
    const line = deploy![0]!
      .replace('--canary 0.5', '--canary 1')
      .replace('--hosts 2', '--hosts 1 --settle-seconds 60');
    const outcome = await tutorial.run(line, 'one');
    expect(outcome).toMatch(/^stage +all/);
    expect(outcome).toMatch(/(candidate|live) +1 hosts/);
    expect(readFileSync(join(folder.path, 'two/fleet/offers.json'), 'utf8')).toContain('memopt');
    expect(name).toMatch(/^h[0-9a-f]{12}$/);
    await tutorial.stop(nats);
  });

  it('comes in with the keys and certificates of its configuration', async () => {
    await using folder = await createFolder();
    await using tutorial = new Tutorial(folder.path, await findFreePort());
    const { valid } = makeCertificates(folder.path);
    copyFileSync(valid.cert, join(folder.path, 'server.pem'));
    copyFileSync(valid.key, join(folder.path, 'server.key'));
    const [collectorKey, hostKey] = [makeUserKey(folder.path, 'collector'), makeUserKey(folder.path, 'host')];
    mkdirSync(join(folder.path, 'one/fleet'), { recursive: true });
    writeFileSync(join(folder.path, 'one/fleet/host-name'), 'h5f0c12ab34cd\n');
    const blocks = blocksOf('Collect');
    const configuration = blocks.find(({ language }) => language === '')!.lines.join('\n');
    writeFileSync(
      join(folder.path, 'nats.conf'),
      configuration.replace('COLLECTOR', collectorKey.publicKey).replace('HOST', hostKey.publicKey),
    );
    const [server, collect, serve] = blocks.at(-1)!.lines;
    tutorial.start(server!, 'server');
    await tutorial.untilListening();
    await tutorial.run(collect!, 'server');
    tutorial.start(serve!, 'one', quick);
    await tutorial.untilSent('one');
    await tutorial.run(collect!, 'server');
    expect(await readLake(join(folder.path, 'lake'))).toMatchObject([{ host: 'h5f0c12ab34cd' }]);
  });
});
