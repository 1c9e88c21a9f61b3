// What is written to process.stdout and process.stderr as text: strings and bytes, in the encodings of Node's
// streams. The bytes of one character may come in two writes (a child's pipe is cut anywhere).
import { StringDecoder } from 'node:string_decoder';
import { ArrayBuffer, Buffer, Map, Object, TypeError } from './primordials.ts';

type StreamName = 'stdout' | 'stderr';

const from: typeof Buffer.from = Buffer.from.bind(Buffer);
const isEncoding: typeof Buffer.isEncoding = Buffer.isEncoding.bind(Buffer);
const UTF8 = /^utf-?8$/i;

/** Texts of streams, each with what was begun by the cell that writes. */
export class StreamTexts {
  readonly #begun = new Map<string, StringDecoder>();

  /**
   * The text of one write, less a character that it begins only.
   * @throws TypeError for what Node's streams take neither
   */
  textOf(name: StreamName, cell: string, chunk: unknown, encoding: unknown): string {
    const bytes = bytesOf(chunk, encoding);
    const key = `${name} ${cell}`;
    const begun = this.#begun.get(key);
    if (typeof bytes === 'string') {
      if (begun === undefined) return bytes;
      this.#begun.delete(key);
      return begun.end() + bytes;
    }
    const decoder = begun ?? new StringDecoder('utf8');
    const text = decoder.write(bytes);
    if (isBegun(decoder)) this.#begun.set(key, decoder);
    else this.#begun.delete(key);
    return text;
  }

  /** What a cell began and did not finish. */
  end(name: StreamName, cell: string): string {
    const key = `${name} ${cell}`;
    const begun = this.#begun.get(key);
    this.#begun.delete(key);
    return begun?.end() ?? '';
  }
}

/** Whether bytes of a character wait for its others. */
const isBegun = (decoder: StringDecoder): boolean =>
  // Node's own name for it, which its types leave out.
  (decoder as StringDecoder & { readonly lastNeed: number }).lastNeed > 0;

function bytesOf(chunk: unknown, encoding: unknown): string | Buffer {
  if (typeof chunk === 'string') {
    if (typeof encoding !== 'string' || encoding === 'buffer' || UTF8.test(encoding)) return chunk;
    if (!isEncoding(encoding)) throw codedError('ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
    return from(chunk, encoding);
  }
  if (ArrayBuffer.isView(chunk)) return from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk === null) throw codedError('ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
  throw codedError(
    'ERR_INVALID_ARG_TYPE',
    `The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${typeof chunk}`,
  );
}

/** As Node's streams throw. */
function codedError(code: string, message: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}
