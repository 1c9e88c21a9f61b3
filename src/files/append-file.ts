// A log: what is appended is on the disk when the call resolves, and what a failed append left is cut off before the
// next one, so that the file always ends at its last whole append.
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { writeAll } from './durable-file.ts';

/** An open log. One append at a time. */
export interface AppendFile extends AsyncDisposable {
  /** Bytes that are whole appends. */
  readonly sizeBytes: number;
  /** @throws system errors; the file then ends where it ended before */
  append(bytes: Uint8Array): Promise<void>;
}

/** With O_DSYNC a write returns when the disk has it: half the time of write and fdatasync apart. */
const syncsOnWrite = process.platform === 'linux';
const flags = syncsOnWrite ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;

/**
 * Opens a file for appending behind its first `sizeBytes`.
 * @param options `cutsTail` cuts off what lies behind them, at once. @default false
 */
export async function openAppendFile(
  path: string,
  sizeBytes: number,
  { cutsTail = false }: { readonly cutsTail?: boolean } = {},
): Promise<AppendFile> {
  const handle = await open(path, flags);
  try {
    if (cutsTail) {
      await handle.truncate(sizeBytes);
      await handle.datasync();
    }
    return new OpenAppendFile(handle, sizeBytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class OpenAppendFile implements AppendFile {
  readonly #handle: FileHandle;
  sizeBytes: number;
  /** True while bytes of a failed write may lie behind `sizeBytes`. */
  #isTorn = false;

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      if (this.#isTorn) await this.#cutTail();
      this.#isTorn = true;
      await writeAll(this.#handle, bytes, this.sizeBytes);
      if (!syncsOnWrite) await this.#handle.datasync();
      this.#isTorn = false;
      this.sizeBytes += bytes.length;
    } catch (error) {
      await this.#cutTail().catch(() => undefined);
      throw error;
    }
  }

  async #cutTail(): Promise<void> {
    await this.#handle.truncate(this.sizeBytes);
    this.#isTorn = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
