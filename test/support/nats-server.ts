// A real NATS server with JetStream of a test's own, on a free port of the loopback.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { until } from './until.ts';

/** A running server that can be stopped and started again on the same port with the same streams. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  start(): Promise<void>;
  /** @param signal SIGKILL leaves it no time to write anything. @default SIGTERM */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Debian keeps it where an ordinary user's PATH does not look. */
function findProgram(): string {
  const named = process.env['NATS_SERVER'];
  if (named !== undefined) return named;
  return existsSync('/usr/sbin/nats-server') ? '/usr/sbin/nats-server' : 'nats-server';
}

/** @param options further words of the command line */
export async function startNats(...options: readonly string[]): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-nats-'));
  const port = await findFreePort();
  let child: ChildProcess | undefined;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    const words = ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port), ...options];
    child = spawn(findProgram(), words, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => {
      child!.once('error', (cause) =>
        reject(new Error('NATS is missing: apt-get install nats-server', { cause })),
      );
      child!.once('exit', (code) => reject(new Error(`NATS ended with ${code}: ${words.join(' ')}`)));
    });
    failed.catch(() => undefined);
    await Promise.race([until(() => answers(port), 'the NATS server answered'), failed]);
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return child!.pid!;
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      // A server that a test stopped in its tracks hears nothing else.
      child?.kill('SIGCONT');
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same with a configuration. @param text without port and store */
export async function startNatsWith(text: string): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-nats-conf-'));
  await writeFile(join(folder, 'nats.conf'), text);
  const server = await startNats('-c', join(folder, 'nats.conf'));
  return Object.create(server, {
    [Symbol.asyncDispose]: {
      value: async () => {
        await server[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    },
  }) as NatsServer;
}

/** Two servers of one cluster, each with JetStream. */
export async function startNatsCluster(): Promise<[NatsServer, NatsServer]> {
  const ports = [await findFreePort(), await findFreePort()] as const;
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(',');
  const startOf = (i: 0 | 1): Promise<NatsServer> => {
    const own = `nats://127.0.0.1:${ports[i]}`;
    return startNats('--cluster_name', 'pair', '-n', `server-${i}`, '--cluster', own, '--routes', routes);
  };
  return Promise.all([startOf(0), startOf(1)]);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // The server speaks first.
    socket.once('data', () => resolve(true)).once('error', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}
