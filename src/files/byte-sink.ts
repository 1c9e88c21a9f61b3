// Bytes into what is not a file: pipes, character devices, descriptors of this process. No thread ever blocks
// in a write, so that an abort is heard: what can be is opened anew without blocking, and tried again by timer.
// Traps obeyed here: a FIFO opened for writing fails with ENXIO while nobody reads (fifo(7)); opened through
// /proc a pipe has flags of its own and leaves those that others share alone (proc(5)).
import type { Stats } from 'node:fs';
import { close, closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { systemCodeOf } from '../core/plain/index.ts';
import type { Destination } from './destination.ts';
import { readerLeftError, targetError } from './errors.ts';

/** Takes bytes in order. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written durable, where that means anything. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** How a stream is written to. */
export interface SinkOptions {
  /** Ends a wait for a reader or for room, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once when nobody reads the pipe yet. */
  readonly onWait?: (() => void) | undefined;
  /** The bytes are no text: a terminal is refused. @default false */
  readonly isBinary?: boolean | undefined;
}

const READER_POLL_MS = 50;
/** A full pipe is tried again at once a few times, then ever more rarely, at most this far apart. */
const FULL_TURNS = 8;
const FULL_POLL_MS = 20;

const openFlags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a pipe, a character device or a descriptor. Waits until somebody reads a pipe.
 * @throws RuvectorError `ERR_FILES_TARGET` for a terminal and for what was replaced since it was located,
 *   `ERR_FILES_READER_LEFT`; the signal's reason
 */
export async function openSink(destination: Destination, options: SinkOptions = {}): Promise<ByteSink> {
  const { asked } = destination;
  const opened =
    destination.descriptor === null
      ? await openPath(destination, options)
      : openDescriptor(destination, destination.descriptor);
  if (options.isBinary === true && isatty(opened.fd)) {
    if (opened.isOurs) closeSync(opened.fd);
    throw targetError(
      asked,
      'it is a terminal, and this format is not text',
      'redirect it to a file or a pipe, or choose csv, json or jsonl',
    );
  }
  return new DescriptorSink(destination, opened, options.signal);
}

interface Opened {
  readonly fd: number;
  /** Opened here, so closed here. */
  readonly isOurs: boolean;
  /** Writes return at once. */
  readonly isNonBlocking: boolean;
}

function openDescriptor({ stats }: Destination, descriptor: number): Opened {
  const shared = { fd: descriptor, isOurs: false, isNonBlocking: false };
  // A file keeps its place and its O_APPEND only through the descriptor itself; a socket has no other.
  if (stats!.isFile() || stats!.isSocket()) return shared;
  try {
    return { fd: openSync(`/proc/self/fd/${descriptor}`, openFlags), isOurs: true, isNonBlocking: true };
  } catch {
    return shared; // no /proc, or another user's terminal after su
  }
}

async function openPath(destination: Destination, { signal, onWait }: SinkOptions): Promise<Opened> {
  const { path } = destination;
  for (let isTold = false; ; isTold = true) {
    signal?.throwIfAborted();
    try {
      const fd = openSync(path, openFlags | constants.O_NOFOLLOW);
      return assertSame(destination, { fd, isOurs: true, isNonBlocking: true });
    } catch (error) {
      if (systemCodeOf(error) !== 'ENXIO' || destination.kind !== 'pipe') throw error;
      if (!isTold) onWait?.();
      await sleepUnlessAborted(READER_POLL_MS, signal);
    }
  }
}

/** What was opened is what was looked at: another thing may have taken the name in between. */
function assertSame({ asked, stats }: Destination, opened: Opened): Opened {
  const found: Stats = fstatSync(opened.fd);
  if (found.dev === stats!.dev && found.ino === stats!.ino) return opened;
  closeSync(opened.fd);
  throw targetError(asked, 'something else took its name meanwhile', 'export again');
}

async function sleepUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  });
}

const writeAsync = promisify(write);

class DescriptorSink implements ByteSink {
  readonly #destination: Destination;
  readonly #opened: Opened;
  readonly #signal: AbortSignal | undefined;

  constructor(destination: Destination, opened: Opened, signal: AbortSignal | undefined) {
    this.#destination = destination;
    this.#opened = opened;
    this.#signal = signal;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0, turns = 0; offset < bytes.byteLength;) {
      this.#signal?.throwIfAborted();
      const count = await this.#writeSome(bytes, offset);
      offset += count;
      turns = count === 0 ? turns + 1 : 0;
      if (count === 0) await this.#waitForRoom(turns);
    }
  }

  /** Bytes that were taken; 0 when there is no room. */
  async #writeSome(bytes: Uint8Array, offset: number): Promise<number> {
    const { fd, isNonBlocking } = this.#opened;
    try {
      if (isNonBlocking) return writeSync(fd, bytes, offset);
      return (await writeAsync(fd, bytes, offset, bytes.byteLength - offset, null)).bytesWritten;
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === 'EAGAIN') return 0;
      const { asked, descriptor } = this.#destination;
      if (code === 'EPIPE' || code === 'ECONNRESET') throw readerLeftError(asked, descriptor, error);
      throw error;
    }
  }

  async #waitForRoom(turns: number): Promise<void> {
    if (turns <= FULL_TURNS) await nextTurn();
    else await sleepUnlessAborted(Math.min(turns - FULL_TURNS, FULL_POLL_MS), this.#signal);
  }

  async sync(): Promise<void> {
    // What a pipe holds is its reader's; a file behind a descriptor is the shell's.
  }

  async close(): Promise<void> {
    if (this.#opened.isOurs) await promisify(close)(this.#opened.fd);
  }
}
