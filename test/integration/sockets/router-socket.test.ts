// What a ROUTER outlives: more connections than there are descriptors, peers that send more than is read and go, peers
// that send without end. Each in a process of its own, which may end.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RouterSocket } from '../../../src/sockets/index.ts';
import { RawConnection, breakOff, openPeer } from '../../support/app/doors/attack.ts';
import { buildMany } from '../../support/app/doors/zmtp.ts';

const SCRIPT = join(import.meta.dirname, '../../support/sockets/echo-router.ts');

/** Messages of somebody who floods. */
const MOST_SENT = 2 ** 24;

/** A router that answers lines with lines. Disposing kills it. */
class EchoRouter implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  endpoint = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(shellCommand: string, ...args: string[]): Promise<EchoRouter> {
    const router = new EchoRouter(
      spawn('sh', ['-c', `${shellCommand} exec "$0" "$@"`, process.execPath, SCRIPT, ...args], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    router.endpoint = await router.#next();
    return router;
  }

  async ask(line: 'echo' | 'report' | 'stall'): Promise<string> {
    this.child.stdin!.write(`${line}\n`);
    return this.#next();
  }

  async report(): Promise<{ failures: number; busyShare: number; mib: number }> {
    return JSON.parse(await this.ask('report')) as { failures: number; busyShare: number; mib: number };
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the router ended with ${this.child.signalCode ?? this.child.exitCode}`);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

it('RouterSocket.open() takes the path of a socket that a killed process left, and nothing else', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rvd-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 's');
  const open = (): Promise<RouterSocket> =>
    RouterSocket.open({ plane: 'data', leaseMs: 1000, maxMessageBytes: 1000, endpoint: `ipc://${path}` });
  for (const put of [() => writeFile(path, 'precious'), () => symlink(directory, path), () => mkdir(path)]) {
    await put();
    await expect(open()).rejects.toMatchObject({ code: 'ERR_WIRE_ENDPOINT' });
    await rm(path, { recursive: true });
  }
  const first = await EchoRouter.start('', `ipc://${path}`);
  cleanup.use(first);
  await expect(open()).rejects.toThrow('something listens there');
  expect(await first.ask('echo')).toBe('echoed');
  await first[Symbol.asyncDispose]();
  expect((await lstat(path)).isSocket()).toBe(true);
  await using second = await open();
  expect(second.endpoint).toBe(`ipc://${path}`);
});

it('RouterSocket.open() rests instead of spinning when its process has no descriptors left, and then listens again', async () => {
  await using router = await EchoRouter.start('ulimit -n 160 &&');
  const connections = Array.from({ length: 400 }, () => new RawConnection(router.endpoint));
  await Promise.race([Promise.all(connections.map(({ isOpen }) => isOpen)), sleep(1000)]);
  const { failures, busyShare } = await router.report();
  expect(failures).toBeGreaterThan(0);
  // Accepting in vain took more than a whole core.
  expect(busyShare).toBeLessThan(0.9);
  for (const { socket } of connections) socket.destroy();
  expect(await router.ask('echo')).toBe('echoed');
});

// libzmq aborts where such a peer meets a mark (its issue 4364): at the next heartbeat of its own, or at the peer's.
it.each([
  ['ipc', 0],
  ['ipc', 1],
  ['tcp', 0],
  ['tcp', 1],
] as const)(
  'RouterSocket outlives a peer over %s that sends more than is read, with %s heartbeats behind each message, and goes',
  async (transport, heartbeats) => {
    const directory = await mkdtemp(join(tmpdir(), 'rvd-'));
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => rm(directory, { recursive: true, force: true }));
    const endpoint = transport === 'ipc' ? `ipc://${directory}/s` : 'tcp://127.0.0.1:*';
    // Heartbeats every 100 ms.
    await using router = await EchoRouter.start('', endpoint, '300');
    const peers = await Promise.all(Array.from({ length: 4 }, () => openPeer(router.endpoint)));
    const stalled = router.ask('stall');
    for (const peer of peers) peer.write(buildMany(3000, heartbeats));
    await sleep(200);
    for (const peer of peers) breakOff(peer);
    expect(await stalled).toBe('stalled');
    await sleep(500);
    expect(await router.ask('echo')).toBe('echoed');
  },
);

it.each([0, 200])(
  'RouterSocket ends the connections of an endpoint that somebody floods with messages of %s bytes, keeps little, and listens again',
  async (size) => {
    await using router = await EchoRouter.start('');
    const flooding = await openPeer(router.endpoint);
    const { mib: before } = await router.report();
    const closed = new Promise((resolve) => flooding.socket.once('close', resolve));
    const drained = (): Promise<unknown> => new Promise((resolve) => flooding.socket.once('drain', resolve));
    flooding.socket.resume();
    const many = buildMany(20_000, 0, Buffer.alloc(size));
    for (let sent = 0; flooding.socket.writable && sent < MOST_SENT; sent += 20_000)
      if (!flooding.socket.write(many)) await Promise.race([drained(), closed]);
    await closed;
    const { failures, mib } = await router.report();
    expect(failures).toBe(1);
    // All of it would be more than a GiB.
    expect(mib - before).toBeLessThan(800);
    expect(await router.ask('echo')).toBe('echoed');
  },
  30_000,
);
