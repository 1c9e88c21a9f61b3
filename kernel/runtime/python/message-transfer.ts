// Values between the kernel and Python as ZeroMQ messages: over ipc, or over TCP on this host, encrypted, with
// keys that only these two processes have. Where there is no shared memory.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair } from 'zeromq';
import type { Stored, ValueTransfer } from './value-transfer.ts';
import { Error, Map, Number, Object, Promise, String, Uint8Array } from '../primordials.ts';

type Waiting = Map<number, PromiseWithResolvers<ArrayBuffer>>;

/** Opens a socket for the one process that learns its address from `env`. */
export async function createMessageTransfer(kind: 'zmq' | 'tcp', directory: string): Promise<ValueTransfer> {
  const zmq = await import('zeromq');
  const socket = new zmq.Pair({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  const keys = kind === 'tcp' ? zmq.curveKeyPair() : null;
  if (keys) Object.assign(socket, { curveServer: true, curveSecretKey: keys.secretKey });
  await socket.bind(kind === 'zmq' ? `ipc://${join(directory, 's')}` : 'tcp://127.0.0.1:*');
  const waiting: Waiting = new Map();
  const reading = readMessages(socket, waiting);
  let count = 0;
  return {
    kind,
    directory,
    env: { RUVECTOR_NOTEBOOK_SOCKET: [socket.lastEndpoint!, ...(keys ? [keys.publicKey] : [])].join(' ') },
    store: async (parts): Promise<Stored> => {
      const message = count++;
      // Python takes it before the cell goes on: until then nobody changes what is sent.
      await socket.send([String(message), ...(parts as Buffer[])]);
      return { message, bytes: parts.reduce((sum, part) => sum + part.byteLength, 0) };
    },
    newFilePath: () => null,
    take: async (stored) => {
      if (!('message' in stored)) throw new Error('Cannot take a value: it did not come as a message');
      const bytes = await waitFor(waiting, stored.message).promise;
      waiting.delete(stored.message);
      return bytes;
    },
    close: () => {
      socket.close();
      void rejectAfter(reading, waiting);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function readMessages(socket: Pair, waiting: Waiting): Promise<void> {
  for await (const [number, ...parts] of socket) {
    waitFor(waiting, Number(number)).resolve(joinParts(parts));
  }
}

async function rejectAfter(reading: Promise<void>, waiting: Waiting): Promise<void> {
  await reading;
  const ended = new Error('Cannot take a value of Python: it ended while it sent; run the cell again');
  waiting.forEach(({ reject }) => reject(ended));
}

function waitFor(waiting: Waiting, message: number): PromiseWithResolvers<ArrayBuffer> {
  const known = waiting.get(message);
  if (known) return known;
  const created = Promise.withResolvers<ArrayBuffer>();
  created.promise.catch(() => {});
  waiting.set(message, created);
  return created;
}

/** One buffer of its own: ZeroMQ hands bytes out at any address, typed arrays want theirs aligned. */
function joinParts(parts: readonly Buffer[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole.buffer;
}
