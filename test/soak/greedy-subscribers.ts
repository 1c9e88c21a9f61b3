// Subscribers that take more than they read, each another way, until they are told to stop.
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { openDataStream } from '../../src/stream/index.ts';

/** Storms of connections are the resets' part of the day. */
const PAUSE_MS = 3000;

/** Starts three; they come back whenever the daemon does. Resolves when the signal aborts. */
export async function runGreedySubscribers(
  endpoints: { websocket: string; zeromq: string },
  signal: AbortSignal,
): Promise<void> {
  const forever = async (once: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await once().catch(() => {}); // the daemon is gone; it comes back
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  };
  await Promise.all([
    forever(() => subscribeAndStop(endpoints.websocket, signal)),
    forever(() => readSlowly(endpoints.zeromq, signal)),
    forever(() => comeAndGo(endpoints.websocket)),
  ]);
}

/** Asks for everything, then never reads again. */
async function subscribeAndStop(endpoint: string, signal: AbortSignal): Promise<void> {
  const socket = new WebSocket(endpoint);
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => resolve()).on('error', () => resolve());
    signal.addEventListener('abort', () => socket.terminate(), { once: true });
  });
  socket.once('open', () => socket.pause());
  await ended;
}

/** A record a second from all tables, without anything being dropped. */
async function readSlowly(endpoint: string, signal: AbortSignal): Promise<void> {
  await using stream = openDataStream(endpoint, { reconnect: false, signal });
  for await (const _ of stream.subscribeAll({ overflow: 'spill' })) await sleep(1000, undefined, { signal });
}

/** Connects again and again, and leaves in the middle of the handshake every other time. */
async function comeAndGo(endpoint: string): Promise<void> {
  const { port } = new URL(endpoint);
  await new Promise<void>((resolve, reject) => {
    const socket = createConnection(Number(port), '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n');
      setTimeout(() => (socket.resetAndDestroy(), resolve()), 20);
    }).on('error', reject);
  });
  await using stream = openDataStream(endpoint, { reconnect: false });
  for await (const event of stream.subscribeAll()) if (event.type !== 'hello') break;
}
