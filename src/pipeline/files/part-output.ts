// Where the joined bytes of a file go: a new file, whose first part may become it without being copied, or a stream.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { renameDurably, writeAll } from '../../files/index.ts';
import type { ByteSink } from '../../files/index.ts';

/** A new file at a path, or a stream. */
export type PartTarget =
  | { readonly path: string; readonly sink?: undefined }
  | { readonly sink: ByteSink; readonly path?: undefined };

/** Joins parts in their order. Whoever does not finish it closes its output. */
export interface PartJoiner {
  /** Takes over a part and removes it. */
  append(path: string): Promise<void>;
  /** Completes the file, durable. It needs one part at least, which may have no rows. */
  finish(): Promise<void>;
}

/** Bytes of one piece. */
const PIECE_BYTES = 2 ** 21;

/** A file that only grows. */
export class PartOutput {
  readonly #target: PartTarget;
  #file: FileHandle | null = null;
  bytes = 0;

  constructor(target: PartTarget) {
    this.#target = target;
  }

  /** Nobody can seek in it. */
  get isStream(): boolean {
    return this.#target.sink !== undefined;
  }

  /** Makes the first part the file itself. False where there is none to be, or where something was written already. */
  async adopt(part: string): Promise<boolean> {
    if (this.#target.sink || this.#file) return false;
    await renameDurably(part, this.#target.path, 'keep');
    this.#file = await open(this.#target.path, constants.O_RDWR);
    this.bytes = (await this.#file.stat()).size;
    return true;
  }

  /** Cuts what is behind `bytes`; nothing goes out of a stream again. */
  async truncate(bytes: number): Promise<void> {
    await (await this.#open()).truncate(bytes);
    this.bytes = bytes;
  }

  /** Bytes of the file. */
  async read(from: number, length: number): Promise<Buffer> {
    // Of its own memory: whoever reads numbers from it needs them aligned.
    const bytes = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await (await this.#open()).read(bytes, 0, length, from);
    if (bytesRead < length) throw new Error('the file became shorter while it was read');
    return bytes;
  }

  /** Replaces bytes where they stand. */
  async rewrite(at: number, bytes: Uint8Array): Promise<void> {
    await writeAll(await this.#open(), bytes, at);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#target.sink) await this.#target.sink.write(bytes);
    else await writeAll(await this.#open(), bytes, this.bytes);
    this.bytes += bytes.byteLength;
  }

  /** Appends bytes of a part as they are. @param change may change a piece in place, or give another one */
  async copy(
    part: FileHandle,
    from: number,
    to: number,
    change?: (piece: Buffer, isLast: boolean) => Uint8Array | Promise<Uint8Array>,
  ): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(1, to - from)));
    for (let at = from; at < to;) {
      const { bytesRead } = await part.read(buffer, 0, Math.min(buffer.length, to - at), at);
      if (bytesRead === 0) throw new Error('a part of the file became shorter while it was read');
      at += bytesRead;
      const piece = buffer.subarray(0, bytesRead);
      await this.write(change ? await change(piece, at === to) : piece);
    }
  }

  /** Makes it durable and closes it. */
  async finish(): Promise<void> {
    if (this.#target.sink) await this.#target.sink.sync();
    else await (await this.#open()).sync();
    await this.close();
  }

  async close(): Promise<void> {
    await (this.#target.sink ?? this.#file)?.close();
    this.#file = null;
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await open(this.#target.path!, 'wx+', 0o644);
    return this.#file;
  }
}
