// What compresses text on its way into a file. gzip makes a member of each piece: members are concatenable, and all
// readers go on behind the first (RFC 1952). Readers of zstd do not all go on behind the first frame, Node's is one of
// those that do not: there everything is one frame.
import { promisify } from 'node:util';
import { createZstdCompress, gzip } from 'node:zlib';
import type { FileCompression } from './file-format.ts';

/** Compresses pieces in their order. */
export interface TextPacker {
  /** Bytes that are ready; a piece may be changed once they are there. */
  pack(piece: Uint8Array): Promise<Uint8Array>;
  /** The last bytes. */
  end(): Promise<Uint8Array>;
}

/** @returns null where nothing is to be compressed */
export function createTextPacker(compression: FileCompression): TextPacker | null {
  if (compression === 'zstd') return new ZstdFrame();
  if (compression !== 'gzip') return null;
  return { pack: promisify(gzip), end: async () => new Uint8Array() };
}

class ZstdFrame implements TextPacker {
  readonly #stream = createZstdCompress();
  readonly #ended: Promise<void>;
  #ready: Buffer[] = [];

  constructor() {
    this.#stream.on('data', (bytes: Buffer) => this.#ready.push(bytes));
    this.#ended = new Promise((resolve, reject) => {
      this.#stream.once('end', resolve).once('error', reject);
    });
    // Who waits for it hears of it.
    this.#ended.catch(() => {});
  }

  async pack(piece: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    return this.#take();
  }

  async end(): Promise<Uint8Array> {
    this.#stream.end();
    await this.#ended;
    return this.#take();
  }

  #take(): Uint8Array {
    const bytes = Buffer.concat(this.#ready);
    this.#ready = [];
    return bytes;
  }
}
