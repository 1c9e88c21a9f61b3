// A stream into a named pipe: one subscription, whoever reads. `cat pipe | jq` works, and a reader that
// goes away and comes back continues at the first event it did not take whole. Knows no formats.
// Traps obeyed here: opening a FIFO for writing fails with ENXIO while nobody reads (fifo(7)); a write
// into a full one fails with EAGAIN; both are tried again by timer, so that no thread ever blocks. A FIFO may be
// removed or replaced while it is served: nothing but a FIFO is ever written to, and one that is gone is made again.
import { execFile } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { lstat, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isRuvectorError, messageOf, systemCodeOf } from '../../core/index.ts';
import { locateDestination } from '../../files/index.ts';
import { WireErrorCode } from '../../sockets/index.ts';
import { createStreamCodec } from '../codecs/codec.ts';
import type { HelloEvent, StreamCodec, StreamEvent, StreamFormat, StreamKinds } from '../stream-contract.ts';
import type { RuvectorError } from '../../core/index.ts';
import type { ServedEndpoint } from './served-endpoint.ts';
import { endpointError } from '../errors.ts';
import type { StreamSessions } from './stream-sessions.ts';

/** How often it looks whether somebody reads. */
const READER_POLL_MS = 50;
/** How often it looks whether the path can be used again. */
const PROBLEM_POLL_MS = 1000;
/** A full pipe is tried again at once a few times, then ever more rarely, at most this far apart. */
const FULL_TURNS = 8;
const FULL_POLL_MS = 20;
/** What a pipe holds at most (/proc/sys/fs/pipe-max-size); events further back were taken. */
const MAX_PIPE_BYTES = 2 ** 20;

export interface PipeOptions {
  readonly path: string;
  readonly sessions: StreamSessions;
  readonly kinds: StreamKinds;
  readonly format: StreamFormat;
  /** Called when the path cannot be used, for example because something else is there; it is looked at again. */
  readonly onProblem: (problem: RuvectorError) => void;
}

/**
 * Creates the FIFO (mode 0600) unless there is one, and serves whoever opens it. Removes what it created.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` when the path holds something else or cannot be made
 */
export async function servePipe(options: PipeOptions): Promise<ServedEndpoint> {
  const { sessions } = options;
  const path = await locatePipe(options.path);
  const claim = await claimPipe(path);
  const writer = new PipeWriter({ ...options, path }, claim.isOurs);
  const done = writer.run();
  return {
    endpoint: `pipe:${options.path}`,
    close: async () => {
      await sessions.drain();
      writer.stop();
      await done;
      if (writer.isOurs) await removePipe(path);
      served.delete(claim.name);
    },
  };
}

/** Where the links end: the pipe there is served, the links stay. */
async function locatePipe(path: string): Promise<string> {
  const { path: target, kind } = await locateDestination(path, { hasDescriptors: false }).catch(
    (error: unknown) => {
      throw endpointError(`pipe:${path}`, messageOf(error), error);
    },
  );
  if (kind === 'pipe' || kind === 'new') return target;
  throw endpointError(`pipe:${path}`, `there is something else of that name: a ${kind}`);
}

/** What somebody put in its place stays. */
async function removePipe(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isFIFO()) await rm(path, { force: true });
}

/** Pipes of this process: two writers would cut each other's events, and a FIFO does not refuse the second. */
const served = new Set<string>();

async function claimPipe(path: string): Promise<{ name: string; isOurs: boolean }> {
  const name = await nameOfPipe(path);
  if (served.has(name)) throw endpointError(`pipe:${path}`, 'something is streamed there already');
  served.add(name);
  try {
    return { name, isOurs: await makePipe(path) };
  } catch (error) {
    served.delete(name);
    throw error;
  }
}

/** One name for a path, whatever links lead to its folder. */
async function nameOfPipe(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw endpointError(`pipe:${path}`, messageOf(error), error);
  }
}

/** True when it was created here. */
async function makePipe(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw endpointError(`pipe:${path}`, messageOf(error), error);
  });
  if (found?.isFIFO()) return false;
  if (found) throw endpointError(`pipe:${path}`, 'there is something else of that name');
  try {
    // Node has no call for it.
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
    return true;
  } catch (error) {
    throw endpointError(`pipe:${path}`, messageOf(error), error);
  }
}

/** Events that were written and may not have been read yet. */
interface Written {
  readonly events: readonly StreamEvent[];
  readonly bytes: Uint8Array;
  /** Bytes written to this reader up to and with these. */
  readonly end: number;
}

class PipeWriter {
  readonly #options: PipeOptions;
  readonly #codec: StreamCodec;
  readonly #stop = new AbortController();
  /** Whether the FIFO was made here, and is removed at the end. */
  isOurs: boolean;
  #fd: number | null = null;
  #hasProblem = false;
  #position!: HelloEvent;
  #written: Written[] = [];
  /** Bytes handed to the pipe for the reader of now. */
  #total = 0;

  constructor(options: PipeOptions, isOurs: boolean) {
    this.#options = options;
    this.isOurs = isOurs;
    this.#codec = createStreamCodec(options.format, options.kinds);
  }

  /** The subscription begins with the first reader and lasts as long as the pipe is served. */
  async run(): Promise<void> {
    try {
      await this.#openForReader();
      await this.#options.sessions.start({}, (bytes, events) => this.#send(bytes, events)).done;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#close();
    }
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { path, onProblem, sessions } = this.#options;
    sessions.noteFailed();
    const isTyped = isRuvectorError(error, WireErrorCode.ENDPOINT);
    onProblem(isTyped ? error : endpointError(`pipe:${path}`, messageOf(error), error));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #send(bytes: Uint8Array, events: readonly StreamEvent[]): Promise<void> {
    try {
      if (!(await this.#write(bytes, events))) await this.#continue(this.#takeUnread());
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Serves a new reader: hello, what the last one left, and on. */
  async #continue(unread: readonly StreamEvent[]): Promise<void> {
    let rest = unread;
    do {
      await this.#openForReader();
      // Readers that come and go at once must not keep the event loop to themselves.
      await nextTurn();
      const events = [this.#helloBefore(rest), ...rest.filter((event) => event.type !== 'hello')];
      if (await this.#write(this.#codec.encode(events), events)) return;
      rest = this.#takeUnread();
    } while (!this.#stop.signal.aborted);
  }

  /** The hello of a new reader: the position before the events that come next. */
  #helloBefore(events: readonly StreamEvent[]): HelloEvent {
    const sequences = { ...this.#position.sequences };
    const timestamps = { ...this.#position.timestamps };
    for (const event of events.toReversed()) {
      if (event.type === 'hello') continue;
      sequences[event.table] = (event.type === 'record' ? event.sequence : event.fromSequence) - 1;
      delete timestamps[event.table];
    }
    return { ...this.#position, sequences, timestamps };
  }

  /** Notes how far this subscription has come; a hello is its begin. */
  #note(events: readonly StreamEvent[]): void {
    for (const event of events) if (event.type === 'hello') this.#position = event;
    const sequences = { ...this.#position.sequences };
    const timestamps = { ...this.#position.timestamps };
    for (const event of events) {
      if (event.type === 'gap') sequences[event.table] = event.toSequence;
      if (event.type !== 'record') continue;
      sequences[event.table] = event.sequence;
      timestamps[event.table] = Number(event.row['timestamp']);
    }
    this.#position = { ...this.#position, sequences, timestamps };
  }

  /** Writes everything; false when the reader went away before. */
  async #write(bytes: Uint8Array, events: readonly StreamEvent[]): Promise<boolean> {
    this.#note(events);
    this.#written = this.#written.filter(({ end }) => end > this.#total - MAX_PIPE_BYTES);
    this.#written.push({ events, bytes, end: this.#total + bytes.byteLength });
    for (let offset = 0, turns = 0; offset < bytes.byteLength;) {
      this.#stop.signal.throwIfAborted();
      const count = this.#writeSome(bytes, offset);
      if (count === null) return false;
      offset += count;
      this.#total += count;
      turns = count === 0 ? turns + 1 : 0;
      if (count === 0) await this.#waitForRoom(turns);
    }
    return true;
  }

  /** Bytes the pipe took, 0 when it is full, null when nobody reads. */
  #writeSome(bytes: Uint8Array, offset: number): number | null {
    try {
      return writeSync(this.#fd!, bytes, offset);
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === 'EAGAIN') return 0;
      if (code === 'EPIPE') return null;
      throw error;
    }
  }

  async #waitForRoom(turns: number): Promise<void> {
    if (turns <= FULL_TURNS) await nextTurn();
    else await sleep(Math.min(turns - FULL_TURNS, FULL_POLL_MS), undefined, { signal: this.#stop.signal });
  }

  /** The events the reader that went away did not take whole. What it left is read back out of the pipe. */
  #takeUnread(): StreamEvent[] {
    const taken = Math.max(0, this.#total - this.#drainPipe());
    this.#close();
    const unread: StreamEvent[] = [];
    for (const { events, bytes, end } of this.#written) {
      const start = end - bytes.byteLength;
      if (end <= taken) continue;
      unread.push(...events.slice(this.#countWhole(bytes.subarray(0, Math.max(0, taken - start)))));
    }
    this.#written = [];
    this.#total = 0;
    return unread;
  }

  #countWhole(bytes: Uint8Array): number {
    return bytes.byteLength === 0 ? 0 : this.#codec.createDecoder().push(bytes).length;
  }

  /** Bytes that were left in it: of this very FIFO, whatever its path names by now. */
  #drainPipe(): number {
    const fd = openSync(this.#readingPath, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(65_536);
    let left = 0;
    try {
      if (!fstatSync(fd).isFIFO()) return 0;
      // Another writer might never let it end.
      for (let count = 1; count > 0 && left < MAX_PIPE_BYTES; left += count) count = readSync(fd, buffer);
    } catch (error) {
      if (systemCodeOf(error) !== 'EAGAIN') throw error;
    } finally {
      closeSync(fd);
    }
    return left;
  }

  get #readingPath(): string {
    return process.platform === 'linux' ? `/proc/self/fd/${this.#fd}` : this.#options.path;
  }

  async #openForReader(): Promise<void> {
    while (this.#fd === null) {
      this.#stop.signal.throwIfAborted();
      let waitMs = READER_POLL_MS;
      try {
        this.#fd = this.#tryOpen();
        this.#hasProblem = false;
      } catch (error) {
        waitMs = PROBLEM_POLL_MS;
        await this.#repair(error);
      }
      if (this.#fd === null) await sleep(waitMs, undefined, { signal: this.#stop.signal });
    }
  }

  /** Null while nobody reads. @throws when the path names no FIFO that can be written */
  #tryOpen(): number | null {
    const { path } = this.#options;
    const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    let fd: number;
    try {
      fd = openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
    } catch (error) {
      if (systemCodeOf(error) === 'ENXIO') return null;
      throw error;
    }
    if (fstatSync(fd).isFIFO()) return fd;
    closeSync(fd);
    throw endpointError(`pipe:${path}`, 'there is something else of that name');
  }

  /** Makes a FIFO that was removed again; what else is wrong is said once and looked at again. */
  async #repair(error: unknown): Promise<void> {
    try {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      if (await makePipe(this.#options.path)) this.isOurs = true;
    } catch (problem) {
      if (!this.#hasProblem) this.#fail(problem);
      this.#hasProblem = true;
    }
  }

  #close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
