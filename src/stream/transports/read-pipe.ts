// The client's end of a named pipe. What it carries was chosen where it is served; one reader at a time.
// Traps obeyed here: a FIFO opened without O_NONBLOCK blocks a thread until somebody writes; read with
// nobody writing yet, it looks like its end, so it is polled until a writer is there; one that was removed
// meanwhile never gets any.
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, systemCodeOf } from '../../core/index.ts';
import { guardSocket } from '../../sockets/index.ts';
import { createStreamCodec } from '../codecs/codec.ts';
import { endpointError, lostError } from '../errors.ts';
import type { StreamDecoder, StreamEvent } from '../stream-contract.ts';
import type { StreamSource } from './stream-source.ts';

const WRITER_POLL_MS = 20;
/** How long a server that ends the stream takes from the last byte to the removal of its pipe. */
const REMOVAL_MS = 300;
const READ_BYTES = 65_536;

/** Reads the FIFO at `path`. */
export function readPipe(path: string): StreamSource {
  return async function* ({ format, signal }) {
    const decoder = createStreamCodec(format).createDecoder();
    const fd = openPipe(path);
    const first = await waitForWriter(path, fd, signal);
    if (first === null) return;
    const socket = new Socket({ fd, readable: true, writable: false });
    guardSocket(socket);
    const stop = (): void => void socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (first.byteLength > 0) yield decoder.push(first);
      for await (const bytes of socket) {
        const events: StreamEvent[] = decoder.push(bytes as Buffer);
        if (events.length > 0) yield events;
      }
      if (!signal.aborted) await assertEnded(path, decoder);
    } catch (error) {
      if (signal.aborted) return;
      throw systemCodeOf(error) ? lostError(`pipe:${path}`, messageOf(error), error) : error;
    } finally {
      signal.removeEventListener('abort', stop);
      socket.destroy();
    }
  };
}

function openPipe(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw lostError(`pipe:${path}`, messageOf(error), error);
  }
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw endpointError(`pipe:${path}`, 'it is no named pipe');
}

/** The first bytes, which may be none, once somebody has it open for writing; null when aborted. */
async function waitForWriter(path: string, fd: number, signal: AbortSignal): Promise<Uint8Array | null> {
  const buffer = Buffer.alloc(READ_BYTES);
  try {
    while (!signal.aborted) {
      const count = readNow(fd, buffer);
      if (count !== 0) return buffer.subarray(0, Math.max(0, count));
      if (!isAt(path, fd)) throw new Error('it was removed');
      await sleep(WRITER_POLL_MS);
    }
  } catch (error) {
    closeSync(fd);
    throw lostError(`pipe:${path}`, messageOf(error), error);
  }
  closeSync(fd);
  return null;
}

/** Whether the open pipe is still the one at the path. */
function isAt(path: string, fd: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return found?.ino === open.ino && found.dev === open.dev;
}

/** A server that ends its stream removes its pipe; one that was killed leaves it, or half an event. */
async function assertEnded(path: string, decoder: StreamDecoder): Promise<void> {
  try {
    decoder.end();
  } catch (error) {
    throw lostError(`pipe:${path}`, 'it ends within an event', error);
  }
  for (let waitedMs = 0; waitedMs < REMOVAL_MS; waitedMs += WRITER_POLL_MS) {
    if (!existsSync(path)) return;
    await sleep(WRITER_POLL_MS);
  }
  throw lostError(`pipe:${path}`, 'nobody writes into it any more');
}

/** Bytes read, 0 when nobody writes, -1 when somebody does but has not written yet. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (systemCodeOf(error) === 'EAGAIN') return -1;
    throw error;
  }
}
