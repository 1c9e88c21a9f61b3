// A man in the middle: forwards TCP between a client and a server, and changes, repeats, withholds or keeps what passes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** What becomes of the bytes that pass: given on, others in their place, or nothing. */
export type Meddle = (chunk: Buffer, to: 'server' | 'client') => Buffer | null;

export interface TcpProxy extends AsyncDisposable {
  /** Bytes of each connection to the server, in order. */
  readonly recorded: Buffer[][];
  meddle: Meddle;
  /** Ends every connection. */
  cut(): void;
  /** Neither reads nor ends any connection, as a cable that was pulled. */
  freeze(): void;
}

/** Forwards `listen` to `target`, both `tcp://host:port`. */
export async function startTcpProxy(listen: string, target: string): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const recorded: Buffer[][] = [];
  const proxy = {
    recorded,
    meddle: ((chunk) => chunk) as Meddle,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    freeze: () => sockets.forEach((socket) => socket.pause()),
    async [Symbol.asyncDispose]() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((client) => {
    const upstream = connect(addressOf(target));
    const record: Buffer[] = [];
    recorded.push(record);
    const join = (from: Socket, into: Socket, to: 'server' | 'client'): void => {
      sockets.add(from);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (to === 'server') record.push(Buffer.from(chunk));
        const bytes = proxy.meddle(chunk, to);
        if (bytes && !into.write(bytes)) from.pause();
      });
      into.on('drain', () => from.resume());
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
