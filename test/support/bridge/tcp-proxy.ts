// A man in the middle: forwards TCP between a client and a server, and changes, repeats, withholds or keeps what passes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export type Side = 'server' | 'client';
/** What becomes of the bytes that pass on one connection: given on, others in their place, or nothing. */
export type Meddle = (chunk: Buffer, to: Side) => Buffer;

export interface TcpProxy extends AsyncDisposable {
  /** Bytes of each connection to the server, in order. */
  readonly recorded: Buffer[][];
  /** Makes the meddling of the next connections. */
  meddler: () => Meddle;
  /** Ends every connection. */
  cut(): void;
  /** Neither reads nor ends any connection, as a cable that was pulled. */
  freeze(): void;
}

/** Forwards `listen` to `target`, both `tcp://host:port`. */
export async function startTcpProxy(listen: string, target: string): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const proxy = {
    recorded: [] as Buffer[][],
    meddler: (): Meddle => (chunk) => chunk,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    freeze: () => {
      isFrozen = true;
      sockets.forEach((socket) => socket.pause());
    },
    async [Symbol.asyncDispose]() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((client) => {
    const upstream = connect(addressOf(target));
    const meddle = proxy.meddler();
    const record: Buffer[] = [];
    proxy.recorded.push(record);
    const join = (from: Socket, into: Socket, to: Side): void => {
      sockets.add(from);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (to === 'server') record.push(Buffer.from(chunk));
        const bytes = meddle(chunk, to);
        if (bytes.length > 0 && !into.write(bytes)) from.pause();
      });
      into.on('drain', () => {
        if (!isFrozen) from.resume();
      });
    };
    join(client, upstream, 'server');
    join(upstream, client, 'client');
  });
  server.listen(addressOf(listen));
  await once(server, 'listening');
  return proxy;
}

export function addressOf(endpoint: string): { host: string; port: number } {
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint)!;
  return { host: host!, port: Number(port) };
}

/** Flips one bit of what passes to a side, at a position counted from the start of the connection. */
export function flipBit(side: Side, position: number): () => Meddle {
  return () => {
    let passed = 0;
    return (chunk, to) => {
      if (to !== side) return chunk;
      const at = position - passed;
      passed += chunk.length;
      if (at >= 0 && at < chunk.length) chunk[at]! ^= 1;
      return chunk;
    };
  };
}

/** ZMTP 3.1 begins so, before any command. */
export const GREETING_BYTES = 64;
const MORE = 1;
const LONG = 2;
const COMMAND = 4;

/**
 * Changes whole messages (ZMTP 3.1, RFC 37); greetings and commands pass.
 * @param change given the bytes of the nth message to a side; what it returns goes in their place
 */
export function meddleMessages(change: (message: Buffer, n: number, to: Side) => Buffer[]): () => Meddle {
  return () => {
    const cutters = { server: createCutter(), client: createCutter() };
    const counts = { server: 0, client: 0 };
    return (chunk, to) =>
      Buffer.concat(
        cutters[to](chunk).flatMap(({ bytes, isMessage }) =>
          isMessage ? change(bytes, counts[to]++, to) : [bytes],
        ),
      );
  };
}

interface Unit {
  readonly bytes: Buffer;
  readonly isMessage: boolean;
}

/** Cuts one direction of a connection into its greeting, commands and messages. */
function createCutter(): (chunk: Buffer) => Unit[] {
  let rest = Buffer.alloc(0);
  let greetingLeft = GREETING_BYTES;
  const message: Buffer[] = [];
  return (chunk) => {
    // Either side sends the rest of its greeting when it has seen the beginning of the other's.
    const greeting = chunk.subarray(0, greetingLeft);
    greetingLeft -= greeting.length;
    const units: Unit[] = [{ bytes: greeting, isMessage: false }];
    rest = Buffer.concat([rest, chunk.subarray(greeting.length)]);
    for (;;) {
      const size = frameBytes(rest);
      if (size === null || rest.length < size) return units;
      const bytes = rest.subarray(0, size);
      rest = rest.subarray(size);
      if ((bytes[0]! & COMMAND) !== 0) {
        units.push({ bytes, isMessage: false });
        continue;
      }
      message.push(bytes);
      if ((bytes[0]! & MORE) === 0) units.push({ bytes: Buffer.concat(message.splice(0)), isMessage: true });
    }
  };
}

/** Of the frame that begins there; null while that is not known. */
function frameBytes(bytes: Buffer): number | null {
  if (bytes.length < 2) return null;
  if ((bytes[0]! & LONG) === 0) return 2 + bytes[1]!;
  return bytes.length < 9 ? null : 9 + Number(bytes.readBigUInt64BE(1));
}
