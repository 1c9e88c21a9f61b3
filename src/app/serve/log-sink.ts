// Where log lines go, and the guarantee that writing one neither throws nor waits: a full disk, a reader that left or
// does not read, a terminal that went away or is stopped cost lines, which are counted, and nothing else.
// Node's own behaviour is why each kind of descriptor has its way: https://nodejs.org/api/process.html#a-note-on-process-io
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { messageOf, systemCodeOf } from '../../core/index.ts';

/** Takes whole lines. */
export interface LogSink {
  /** Null when the line was taken, else why it was lost. */
  write(line: string): string | null;
  /** Opens the file again under its name, after a rotation; nothing where lines go to a stream. */
  reopen(): void;
  /** Bytes that wait for a reader. */
  readonly waitingBytes: number;
}

/** Pipes take so much at once or not at all (PIPE_BUF), so that no line is cut. */
export const MAX_LINE_BYTES = 4096;
const MAX_WAITING_BYTES = 64 * 1024;

/** Lines to standard error. @param fd of it, for tests */
export function createStreamSink(fd = 2): LogSink {
  const { isFile, isPipe, isSocket } = kindOf(fd);
  const isTerminal = isatty(fd);
  // Written at once; the kernel answers a full disk with an error.
  if (isFile || (!isPipe && !isSocket && !isTerminal)) return createDescriptorSink(() => fd);
  // A description of our own may be told not to wait; the one we were given is shared with other programs.
  const own = isSocket ? null : openWithoutWaiting(`/proc/self/fd/${fd}`);
  return own === null ? createNodeSink(process.stderr) : createDescriptorSink(() => own);
}

/**
 * Lines to the end of a file.
 * @throws a system error when it cannot be opened now; later that only costs lines
 */
export function createLogFileSink(path: string): LogSink {
  const open = (): number => openSync(path, APPEND, 0o600);
  let fd: number | null = open();
  const reopen = (): void => {
    const before = fd;
    fd = null;
    if (before !== null) closeSync(before);
    fd = open();
  };
  return {
    ...createDescriptorSink(() => (fd ??= open())),
    reopen: () => {
      try {
        reopen();
      } catch {
        // The next line tries again and says why it was lost.
      }
    },
  };
}

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;

function createDescriptorSink(descriptor: () => number): LogSink {
  let rest: Buffer = Buffer.alloc(0);
  return {
    waitingBytes: 0,
    reopen: () => {},
    write(line) {
      const wanted = Buffer.concat([rest, Buffer.from(line)]);
      try {
        const written = writeSync(descriptor(), wanted);
        // A disk that filled up within the line: its end comes first when there is room again.
        rest = written < wanted.length ? wanted.subarray(written) : Buffer.alloc(0);
        return null;
      } catch (error) {
        return reasonOf(error);
      }
    },
  };
}

/** A socket, as journald gives one, or a pipe that another user owns: Node writes later what does not fit now. */
function createNodeSink(stream: NodeJS.WriteStream): LogSink {
  let failure: string | null = null;
  stream.on('error', (error) => (failure = reasonOf(error)));
  return {
    get waitingBytes() {
      return stream.writableLength;
    },
    reopen: () => {},
    write(line) {
      if (stream.writableLength > MAX_WAITING_BYTES) return 'nobody reads';
      stream.write(line);
      const reason = failure;
      failure = null;
      return reason;
    },
  };
}

function kindOf(fd: number): { isFile: boolean; isPipe: boolean; isSocket: boolean } {
  try {
    const stat = fstatSync(fd);
    return { isFile: stat.isFile(), isPipe: stat.isFIFO(), isSocket: stat.isSocket() };
  } catch {
    return { isFile: true, isPipe: false, isSocket: false }; // closed: every write says so
  }
}

function openWithoutWaiting(path: string): number | null {
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return null; // another user's, or a pipe that nobody reads any more
  }
}

function reasonOf(error: unknown): string {
  const code = systemCodeOf(error);
  return code === 'EAGAIN' ? 'nobody reads' : (code ?? messageOf(error));
}
