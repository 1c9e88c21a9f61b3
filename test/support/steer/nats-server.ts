// A real NATS server with JetStream of a test's own, on a free port of the loopback.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { until } from '../until.ts';

/** A running server that can be stopped and started again on the same port with the same streams. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
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
  const stop = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  const start = async (): Promise<void> => {
    const words = ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port), ...options];
    child = spawn(findProgram(), words, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => {
      child!.once('error', (cause) =>
        reject(new Error('NATS is missing: apt-get install nats-server', { cause })),
      );
    });
    await Promise.race([until(() => answers(port), 'the NATS server answered'), failed]);
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // The server speaks first.
    socket.once('data', () => resolve(true)).once('error', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}
