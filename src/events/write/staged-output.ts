// Bytes that become a file at once: they are written beside it and take its place when they are whole; into a pipe or
// standard output they go as they come.
import { constants, existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { copyToSink, isStream, locateDestination, openSink, placeFile, writeAll } from '../../files/index.ts';
import type { ByteSink, Destination } from '../../files/index.ts';
import { claimStaging } from '../../pipeline/files/index.ts';
import type { StagingClaim } from '../../pipeline/files/index.ts';
import { eventFileBusyError, eventWriteError } from './errors.ts';

/** How an output is opened. */
export interface OutputOptions {
  readonly signal?: AbortSignal | undefined;
  /** The bytes are no text: a terminal is refused. */
  readonly isBinary: boolean;
  /** Called once when nobody reads a named pipe yet. */
  readonly onWait?: (() => void) | undefined;
}

/** An output in the making. Exactly one of `finish` and `abort` ends it. */
export interface StagedOutput {
  /** True where nobody can go back in it. */
  readonly isStream: boolean;
  /** Bytes written so far. */
  readonly bytes: number;
  write(bytes: Uint8Array): Promise<void>;
  /**
   * A path to write at by other means, in place of `write`; for formats that go back in their file.
   */
  readonly stagedPath: string;
  /** Overwrites bytes that were written; not in a stream. */
  rewrite(at: number, bytes: Uint8Array): Promise<void>;
  /** Makes it durable and puts it in its place. @returns what a user should know about that */
  finish(): Promise<readonly string[]>;
  /** Ends it; nothing is left. */
  abort(): Promise<void>;
}

/**
 * Opens an output. Nothing stands at its path before `finish`.
 * @throws RuvectorError `ERR_EVENTS_WRITE`, `ERR_FILES_*`
 */
export async function openStagedOutput(path: string, options: OutputOptions): Promise<StagedOutput> {
  try {
    const destination = await locateDestination(path);
    if (destination.kind === 'folder')
      throw Object.assign(new Error(`"${path}" is a folder`), { code: 'EISDIR' });
    const busyError = (pid: number | null): Error => eventFileBusyError(path, pid);
    const claim = await claimStaging(path, { destinations: [destination], busyError });
    try {
      const stream = isStream(destination) ? await openSink(destination, options) : null;
      return new Output(path, destination, claim, stream);
    } catch (error) {
      await claim.discard().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw eventWriteError(path, error);
  }
}

class Output implements StagedOutput {
  readonly stagedPath: string;
  readonly #path: string;
  readonly #destination: Destination;
  readonly #claim: StagingClaim;
  readonly #stream: ByteSink | null;
  #file: FileHandle | null = null;
  #bytes = 0;

  constructor(path: string, destination: Destination, claim: StagingClaim, stream: ByteSink | null) {
    this.#path = path;
    this.#destination = destination;
    this.#claim = claim;
    this.#stream = stream;
    this.stagedPath = join(claim.folder, 'file');
  }

  get isStream(): boolean {
    return this.#stream !== null;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#guard(async () => {
      if (this.#stream) await this.#stream.write(bytes);
      else await writeAll(await this.#open(), bytes, this.#bytes);
      this.#bytes += bytes.length;
    });
  }

  async rewrite(at: number, bytes: Uint8Array): Promise<void> {
    await this.#guard(async () => writeAll(await this.#open(), bytes, at));
  }

  async finish(): Promise<readonly string[]> {
    return this.#guard(async () => {
      if (this.#stream) {
        // What was made by other means goes out now.
        if (existsSync(this.stagedPath)) await copyToSink(this.stagedPath, this.#stream);
        await this.#stream.sync();
        await this.#stream.close();
        await this.#claim.remove();
        return [];
      }
      const file = await this.#open();
      await file.sync();
      await file.close();
      this.#file = null;
      const notes = await placeFile(this.stagedPath, this.#destination);
      await this.#claim.remove();
      return notes;
    });
  }

  async abort(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    await rm(this.stagedPath, { force: true }).catch(() => undefined);
    await this.#claim.discard().catch(() => undefined);
    await this.#stream?.close().catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    // Made by other means, it is there already.
    this.#file ??= await open(this.stagedPath, constants.O_RDWR | constants.O_CREAT, 0o644);
    return this.#file;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw eventWriteError(this.#path, error);
    }
  }
}
