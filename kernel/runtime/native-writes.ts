// Calls that write to the descriptors 1 and 2 themselves, or let a child do so while this thread waits. `fs.writeSync(1, …)`
// goes the way of process.stdout; around a child this thread waits until what was written before is out, so that the order
// holds however busy the machine is (transport/native-output.ts).
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { shared } from '../protocol/thread-messages.ts';
import type { ToProtocolThread } from '../protocol/thread-messages.ts';
import { ArrayBuffer, Atomics, Buffer, Object, Uint8Array, process } from './primordials.ts';
import type { Output } from './output.ts';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** A protocol thread that answers later than this is ending: the order matters no longer. */
const READ_MS = 1000;

/**
 * Replaces the functions of Node's modules, for cells and for libraries.
 * @param words memory shared with the protocol thread
 */
export function orderNativeWrites(
  words: Int32Array,
  output: Output,
  post: (message: ToProtocolThread) => void,
): void {
  const settle = (): void => {
    output.flush();
    const before = Atomics.load(words, shared.NATIVE_READS);
    post({ type: 'native' });
    Atomics.wait(words, shared.NATIVE_READS, before, READ_MS);
  };
  for (const name of ['execSync', 'execFileSync', 'spawnSync']) {
    replace(childProcess, name, (original) => {
      return function (...args) {
        settle();
        try {
          return original.apply(this, args);
        } finally {
          settle();
        }
      };
    });
  }
  replace(fs, 'writeSync', (original) => {
    return function (descriptor, data, ...rest) {
      const isText = typeof data === 'string';
      const isShown = (descriptor === 1 || descriptor === 2) && (isText || ArrayBuffer.isView(data));
      if (!isShown) return original.call(this, descriptor, data, ...rest);
      const stream = descriptor === 1 ? process.stdout : process.stderr;
      const bytes = isText ? encode(data, rest[1]) : cut(data as NodeJS.ArrayBufferView, rest);
      stream.write(bytes);
      return bytes.length;
    };
  });
  syncBuiltinESMExports();
}

function replace(holder: object, name: string, build: (original: AnyFunction) => AnyFunction): void {
  const value = build((holder as Record<string, AnyFunction>)[name]!);
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(holder, name, { value, writable: true, configurable: true, enumerable: true });
}

const from: typeof Buffer.from = Buffer.from.bind(Buffer);

/** Of a text the arguments are (position, encoding). */
const encode = (text: string, encoding: unknown): Uint8Array =>
  from(text, (typeof encoding === 'string' ? encoding : 'utf8') as BufferEncoding);

/** Of bytes they are (offset, length), or an object with these. */
function cut(data: NodeJS.ArrayBufferView, [first, second]: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const named = (typeof first === 'object' && first !== null ? first : { offset: first, length: second }) as {
    offset?: number;
    length?: number;
  };
  const offset = named.offset ?? 0;
  return bytes.subarray(offset, named.length == null ? undefined : offset + named.length);
}
