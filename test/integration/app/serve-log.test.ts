// `serve` and what can become of its log: a full disk, a reader that left or never reads, a terminal that went away.
// It goes on sampling, ends in order on SIGTERM, and counts the lines that were lost.
import type { Home } from '../../../src/core/index.ts';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestHome, finished } from '../../support/daemon.ts';
import { serveWords, servingPid, start, statusOf, untilSampling } from '../../support/app/serve-process.ts';
import { python } from '../../support/python.ts';
import { until } from '../../support/until.ts';

/** Something to write to, and what was put in its way. */
interface Obstacle extends AsyncDisposable {
  readonly fd: number;
  /** Called once the daemon has it. */
  readonly spoil?: () => void;
}

function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'rvm-log-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const isRoot = process.getuid?.() === 0;

function canMount(): boolean {
  if (!isRoot) return false;
  const { path, remove } = makeFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', path], { stdio: 'ignore' });
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  } finally {
    remove();
  }
}

function fullDisk(): Obstacle {
  const { path, remove } = makeFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', path]);
  const fd = openSync(join(path, 'log'), 'a');
  writeSync(fd, Buffer.alloc(4096, '.'));
  return {
    fd,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['-l', path]);
      remove();
    },
  };
}

function pipe(fill: boolean): Obstacle {
  const { path, remove } = makeFolder();
  const fifo = join(path, 'pipe');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(fifo, constants.O_WRONLY);
  if (fill) fillUp(fifo);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(reader);
    isOpen = false;
  };
  return {
    fd,
    ...(!fill && { spoil: close }),
    [Symbol.asyncDispose]: async () => {
      close();
      remove();
    },
  };
}

function fillUp(fifo: string): void {
  const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096, '.'));
  } catch {
    closeSync(fd); // EAGAIN: full
  }
}

/** A socket that nobody reads, as journald gives one. */
async function socket(): Promise<Obstacle> {
  const { path, remove } = makeFolder();
  const server = createServer((peer) => peer.pause().on('error', () => {})).listen(join(path, 'socket'));
  await once(server, 'listening');
  const client = connect(join(path, 'socket'));
  await once(client, 'connect');
  const { fd } = (client as unknown as { _handle: { fd: number } })._handle;
  return {
    fd,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.close();
      remove();
    },
  };
}

const obstacles: [string, boolean, () => Obstacle | Promise<Obstacle>][] = [
  ['a full disk', canMount(), fullDisk],
  [
    'a device that is always full',
    true,
    () => ({ fd: openSync('/dev/full', 'w'), [Symbol.asyncDispose]: async () => {} }),
  ],
  ['a pipe whose reader leaves', true, () => pipe(false)],
  ['a full pipe that nobody reads', true, () => pipe(true)],
];

/** Each connection is two lines. */
async function makeLines(home: Home, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await statusOf(home);
}

describe('serve with its standard error being', () => {
  it.each(obstacles.filter(([, isPossible]) => isPossible).map(([name, , make]) => [name, make] as const))(
    '%s, goes on, counts what was lost and ends in order',
    async (_, make) => {
      await using home = await createTestHome();
      await using obstacle = await make();
      const child = start(serveWords(home), { stdio: ['ignore', 'ignore', obstacle.fd] });
      const end = finished(child);
      await servingPid(home, child);
      obstacle.spoil?.();
      await makeLines(home, 5);
      const status = await untilSampling(home);
      expect(status.log.lost).toBeGreaterThan(0);
      expect(status.faults).toEqual({ uncaughtErrors: 0, unhandledRejections: 0, last: null });
      child.kill('SIGTERM');
      expect(await end).toMatchObject({ code: 0, signal: null });
      expect(existsSync(home.bridgeFile)).toBe(false);
      closeSync(obstacle.fd);
    },
  );

  it('a socket that nobody reads, goes on and ends in order', async () => {
    await using home = await createTestHome();
    await using obstacle = await socket();
    const child = start(serveWords(home), { stdio: ['ignore', 'ignore', obstacle.fd] });
    const end = finished(child);
    await servingPid(home, child);
    await makeLines(home, 3);
    await untilSampling(home);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0, signal: null });
  });
});

const terminalChild = join(import.meta.dirname, '../../support/app/terminal-child.py');

/** Serves in a terminal of its own; a line on standard input closes that. */
function startInTerminal(home: Home, words: readonly string[]): ReturnType<typeof start> {
  return start([python, terminalChild, join(home.root, 'terminal.log'), ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

describe('serve in a terminal that closes', () => {
  it('drains in order', async () => {
    await using home = await createTestHome();
    const child = startInTerminal(home, serveWords(home));
    const end = finished(child);
    await servingPid(home, child);
    await untilSampling(home);
    child.stdin!.end('close\n');
    const { stdout } = await end;
    expect(stdout.trim().split('\n').at(-1)).toBe('0');
    expect(existsSync(home.bridgeFile)).toBe(false);
  });

  it('goes on under nohup', async () => {
    await using home = await createTestHome();
    const child = startInTerminal(home, [
      'sh',
      '-c',
      'exec nohup "$@" > "$0" 2>&1',
      join(home.root, 'out'),
      ...serveWords(home),
    ]);
    const end = finished(child);
    const pid = await servingPid(home, child);
    child.stdin!.end('close\n');
    await until(
      () => readFileSync(join(home.root, 'out'), 'utf8').includes('SIGHUP without a terminal'),
      'it says so',
    );
    await untilSampling(home);
    process.kill(pid, 'SIGTERM');
    expect((await end).stdout.trim().split('\n').at(-1)).toBe('0');
  });
});

describe('serve --log-file', () => {
  it('writes there, and SIGHUP opens it again after a rotation', async () => {
    await using home = await createTestHome();
    const path = join(home.root, 'a log.txt');
    const child = start(serveWords(home, '--log-file', path));
    const end = finished(child);
    await until(() => existsSync(path) && readFileSync(path, 'utf8').includes('serving'), 'it serves');
    renameSync(path, `${path}.1`);
    child.kill('SIGHUP');
    await until(() => existsSync(path), 'the new file is there');
    await until(() => readFileSync(path, 'utf8').includes('opened again'), 'it has lines');
    expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/serving/);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(path, 'utf8')).toMatch(/draining[\s\S]*stopped/);
  });

  it('refuses a file that cannot be opened', async () => {
    await using home = await createTestHome();
    const { code, stderr } = await finished(start(serveWords(home, '--log-file', '/proc/no/such')));
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_APP_LOG_FILE');
  });
});
