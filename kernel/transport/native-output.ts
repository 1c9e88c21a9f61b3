// What is written to the file descriptors 1 and 2 themselves, past Node's streams: by children that inherit them, by
// `fs.writeSync(1, …)`, by C++ add-ons. They become pipes that the protocol thread reads, so that a cell which waits for
// its child shows what that writes meanwhile. Needs the optional package koffi; without it such output goes to whoever
// started the kernel.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { shared } from '../protocol/thread-messages.ts';

type StreamName = 'stdout' | 'stderr';

/** The descriptors, captured. */
export interface NativeOutput {
  /** Reads what was written until now. */
  flush(): void;
}

const descriptors: Readonly<Record<StreamName, number>> = { stdout: 1, stderr: 2 };
const READ_BYTES = 65_536;
/** These are the same on Linux and macOS. */
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = process.platform === 'darwin' ? 0x4 : 0o4000;
/** How many bytes a pipe holds. */
const FIONREAD = process.platform === 'darwin' ? 0x40_04_66_7f : 0x54_1b;

/** What is used of the C library. */
interface CLibrary {
  pipe(ends: [number, number]): number;
  dup(descriptor: number): number;
  dup2(from: number, to: number): number;
  close(descriptor: number): number;
  fcntl(descriptor: number, command: number, type: 'int', value: number): number;
  ioctl(descriptor: number, request: number, type: '_Out_ int *', value: [number]): number;
}

/**
 * Captures both descriptors for good.
 * @param words memory shared with the user's thread, which finds there where the real standard error is
 * @returns null where that is not possible
 */
export async function captureNativeOutput(
  words: Int32Array,
  onText: (name: StreamName, text: string) => void,
): Promise<NativeOutput | null> {
  const library = await loadLibrary();
  if (library === null) return null;
  const realOutput = library.dup(descriptors.stdout);
  const realError = library.dup(descriptors.stderr);
  const pipes = (['stdout', 'stderr'] as const).map((name) => openPipe(library, name, onText));
  if (realOutput < 0 || realError < 0 || pipes.includes(null)) return null;
  for (const real of [realOutput, realError]) letWait(library, real);
  library.close(realOutput);
  library.fcntl(realError, F_SETFD, 'int', FD_CLOEXEC);
  Atomics.store(words, shared.REAL_STDERR, realError);
  return { flush: () => pipes.forEach((flush) => flush?.()) };
}

async function loadLibrary(): Promise<CLibrary | null> {
  if (process.platform === 'win32') return null;
  try {
    const { default: koffi } = await import('koffi');
    const c = koffi.load(null);
    return {
      pipe: c.func('int pipe(_Out_ int *ends)') as CLibrary['pipe'],
      dup: c.func('int dup(int descriptor)') as CLibrary['dup'],
      dup2: c.func('int dup2(int from, int to)') as CLibrary['dup2'],
      close: c.func('int close(int descriptor)') as CLibrary['close'],
      fcntl: c.func('int fcntl(int descriptor, int command, ...)') as CLibrary['fcntl'],
      ioctl: c.func('int ioctl(int descriptor, unsigned long request, ...)') as CLibrary['ioctl'],
    };
  } catch {
    // koffi is optional.
    return null;
  }
}

/**
 * Node lets nothing wait that writes to a stream it has opened, whoever shares it (main.ts opens these two first), and
 * puts that back at its end only where the descriptor is still the one it was.
 */
function letWait(library: CLibrary, descriptor: number): void {
  const flags = library.fcntl(descriptor, F_GETFL, 'int', 0);
  library.fcntl(descriptor, F_SETFL, 'int', flags & ~O_NONBLOCK);
}

/** @returns a function that reads what is there; null when the descriptor could not be replaced */
function openPipe(
  library: CLibrary,
  name: StreamName,
  onText: (name: StreamName, text: string) => void,
): (() => void) | null {
  const ends: [number, number] = [-1, -1];
  if (library.pipe(ends) !== 0) return null;
  const [readEnd, writeEnd] = ends;
  for (const end of ends) library.fcntl(end, F_SETFD, 'int', FD_CLOEXEC);
  const decoder = new StringDecoder('utf8');
  const give = (bytes: Buffer): void => {
    const text = decoder.write(bytes);
    if (text !== '') onText(name, text);
  };
  // Makes its end of the pipe one that never waits; the writers' end is another, and waits for its reader.
  const socket = new Socket({ fd: readEnd, readable: true, writable: false });
  socket.on('data', give).on('error', () => {});
  socket.unref();
  if (library.dup2(writeEnd, descriptors[name]) < 0) return null;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const held: [number] = [0];
  return () => {
    while (library.ioctl(readEnd, FIONREAD, '_Out_ int *', held) === 0 && held[0] > 0) {
      give(buffer.subarray(0, readSync(readEnd, buffer)));
    }
  };
}
