// The journal on disk: start anew, append durably, cut what a failed write left. Bytes are apr-journal.ts.
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { writeAll, writeDurably } from '../durable-file.ts';
import { toStoreError } from '../errors.ts';
import { JOURNAL_HEAD_BYTES, encodeJournalHead } from './apr-journal.ts';
import type { JournalHead } from './apr-journal.ts';

/** On Linux a write returns when the disk has it. */
const syncsOnWrite = process.platform === 'linux';
const appendFlags = syncsOnWrite ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;

/** An open journal. */
export interface JournalFile extends AsyncDisposable {
  /** Bytes that are whole frames. */
  readonly sizeBytes: number;
  /** Appends frames and waits until the disk has them. @throws RuvectorError `ERR_STORE_DISK_FULL`, `ERR_STORE_IO` */
  append(frames: Uint8Array): Promise<void>;
}

/** Starts an empty journal; an older one under this name is replaced at once or not at all. */
export async function createJournal(path: string, head: JournalHead): Promise<JournalFile> {
  await writeDurably(path, encodeJournalHead(head));
  return openJournal(path, JOURNAL_HEAD_BYTES);
}

/** Opens a journal for appending behind its last whole frame; what lies behind that is cut off. */
export async function openJournal(path: string, goodEnd: number): Promise<JournalFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, appendFlags);
    await handle.truncate(goodEnd);
    await handle.datasync();
    return new OpenJournal(path, handle, goodEnd);
  } catch (cause) {
    await handle?.close();
    throw toStoreError('open', path, cause);
  }
}

class OpenJournal implements JournalFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  sizeBytes: number;
  /** True while bytes of a failed write may lie behind `sizeBytes`. */
  #isTorn = false;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async append(frames: Uint8Array): Promise<void> {
    try {
      if (this.#isTorn) await this.#cutTail();
      this.#isTorn = true;
      await writeAll(this.#handle, frames, this.sizeBytes);
      if (!syncsOnWrite) await this.#handle.datasync();
      this.#isTorn = false;
      this.sizeBytes += frames.length;
    } catch (cause) {
      await this.#cutTail().catch(() => undefined);
      throw toStoreError('append to', this.#path, cause);
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
