// Where the bytes of a recording come from: a file, as long as it was when it was opened; or what can only be read
// from its beginning on: a pipe, standard input, a device. Not what the bytes mean.
// Traps obeyed here: opening a named pipe blocks a thread until somebody writes (fifo(7)), which an abort has to end;
// standard input may be a socket, which cannot be opened again under its name.
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { orAborted } from './abortable.ts';
import { cutRecordingError, recordingError, unreadableError } from './errors.ts';

/** Bytes in their order. Exactly one call at a time. */
export interface ByteInput extends AsyncDisposable {
  /** As the user wrote it. */
  readonly source: string;
  /** Bytes there were when it was opened; null for what has no end that is known. */
  readonly sizeBytes: number | null;
  /** Bytes read so far. */
  readonly atByte: number;
  /**
   * Fills `target` from its start.
   * @returns bytes that came, at least 1; 0 at the end
   * @throws RuvectorError `ERR_EVENTS_READ`; the signal's reason
   */
  read(target: Uint8Array, signal?: AbortSignal): Promise<number>;
  /** Bytes by which the file has grown since it was opened: they are not read. */
  readGrowth(): Promise<number>;
}

/**
 * Opens a file, a named pipe, a device or, for `-` and /dev/stdin, standard input.
 * @throws RuvectorError `ERR_EVENTS_READ`; the signal's reason while nobody writes into a named pipe
 */
export async function openByteInput(source: string, signal?: AbortSignal): Promise<ByteInput> {
  signal?.throwIfAborted();
  try {
    const descriptor = descriptorOf(source);
    if (descriptor !== null) return openDescriptor(source, descriptor);
    const found = await stat(source);
    assertReadable(source, found);
    if (found.isFIFO()) return new SocketInput(source, await openNamedPipe(source, signal));
    const file = await open(source, 'r');
    return new FileInput(source, file, found.isFile() ? found.size : null);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreadableError(source, error);
  }
}

/** A path by which the same file is opened once more. */
export function pathOf(source: string): string {
  const descriptor = descriptorOf(source);
  return descriptor === null ? source : `/proc/self/fd/${descriptor}`;
}

/** The number of a descriptor of this process; null for any other path. */
function descriptorOf(source: string): number | null {
  if (source === '-' || source === '/dev/stdin') return 0;
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(source);
  return match ? Number(match[1]) : null;
}

function assertReadable(source: string, found: Stats): void {
  if (found.isDirectory()) throw recordingError(source, 'it is a folder', 'name a file in it');
  if (found.isSocket())
    throw recordingError(source, 'it is a socket', 'name a file or a pipe, or write into - ');
}

function openDescriptor(source: string, descriptor: number): ByteInput | Promise<ByteInput> {
  const found = fstatSync(descriptor);
  if (found.isDirectory()) throw recordingError(source, 'it is a folder', 'name a file in it');
  if (isatty(descriptor)) {
    throw recordingError(
      source,
      'it is a terminal, and a recording is no text that is typed',
      'name a file or send one with <',
    );
  }
  if (found.isFIFO() || found.isSocket()) return new SocketInput(source, descriptor);
  return reopen(source, descriptor, found);
}

/** A file behind a descriptor is read from its beginning, with a place of its own. */
async function reopen(source: string, descriptor: number, found: Stats): Promise<ByteInput> {
  const file = await open(`/proc/self/fd/${descriptor}`, 'r').catch(() => open(`/dev/fd/${descriptor}`, 'r'));
  return new FileInput(source, file, found.isFile() ? found.size : null);
}

/** Waits, in a thread, until somebody opens the other end. */
async function openNamedPipe(source: string, signal: AbortSignal | undefined): Promise<number> {
  const opening = open(source, 'r');
  try {
    const file = await orAborted(opening, signal);
    // The handle would close the descriptor when it is collected: the socket gets one of its own.
    const descriptor = openSync(`/proc/self/fd/${file.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
    await file.close();
    return descriptor;
  } catch (error) {
    if (signal?.aborted) wakeReader(source, opening);
    throw error;
  }
}

/** A writer that comes and goes ends the wait of the thread. */
function wakeReader(source: string, opening: Promise<FileHandle>): void {
  opening.then(
    (file) => file.close(),
    () => undefined,
  );
  try {
    closeSync(openSync(source, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Nobody waits any more, or the pipe is gone.
  }
}

/** Waits for bytes. @throws the reason of an abort, `ERR_FILES_*` with what the system says */
async function awaitBytes<T>(
  source: string,
  signal: AbortSignal | undefined,
  pending: Promise<T>,
): Promise<T> {
  try {
    return await orAborted(pending, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadableError(source, error);
  }
}

/** What is read by a thread: a file, or a device, which may take its time and gives nothing twice. */
class FileInput implements ByteInput {
  readonly source: string;
  /** Null: a device. */
  readonly sizeBytes: number | null;
  readonly #file: FileHandle;
  #atByte = 0;

  constructor(source: string, file: FileHandle, sizeBytes: number | null) {
    this.source = source;
    this.sizeBytes = sizeBytes;
    this.#file = file;
  }

  get atByte(): number {
    return this.#atByte;
  }

  async read(target: Uint8Array, signal?: AbortSignal): Promise<number> {
    const { source, sizeBytes } = this;
    const wanted = Math.min(target.length, sizeBytes === null ? Infinity : sizeBytes - this.#atByte);
    if (wanted === 0) return 0;
    const position = sizeBytes === null ? null : this.#atByte;
    const { bytesRead } = await awaitBytes(source, signal, this.#file.read(target, 0, wanted, position));
    if (sizeBytes !== null && bytesRead === 0) throw cutRecordingError(source, this.#atByte, sizeBytes);
    this.#atByte += bytesRead;
    return bytesRead;
  }

  async readGrowth(): Promise<number> {
    return this.sizeBytes === null ? 0 : Math.max(0, (await this.#file.stat()).size - this.sizeBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** A pipe or a socket: what came is kept until it is asked for, and the writer waits. */
class SocketInput implements ByteInput {
  readonly source: string;
  readonly sizeBytes = null;
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #atByte = 0;

  constructor(source: string, descriptor: number) {
    this.source = source;
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: false });
    this.#chunks = this.#socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  get atByte(): number {
    return this.#atByte;
  }

  async read(target: Uint8Array, signal?: AbortSignal): Promise<number> {
    if (this.#rest.length === 0) this.#rest = await this.#next(signal);
    const bytes = this.#rest.subarray(0, target.length);
    target.set(bytes);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#atByte += bytes.length;
    return bytes.length;
  }

  async #next(signal: AbortSignal | undefined): Promise<Buffer> {
    const { value, done } = await awaitBytes(this.source, signal, this.#chunks.next());
    return done === true ? Buffer.alloc(0) : value;
  }

  async readGrowth(): Promise<number> {
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}
