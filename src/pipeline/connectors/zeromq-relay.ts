// Between a ZeroMQ socket and its peers: their bytes both ways, which can be held back on their way to the socket.
// By itself ZeroMQ stops reading a connection only at a mark on its messages. One that met it loses what its peer sent
// before it went, and may end the process (libzmq 4364). So the socket has no mark: what is not wanted yet waits here,
// unread, and the sender waits for the kernel.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as zmq from 'zeromq';
import {
  assertLocalEndpoint,
  bindEndpoint,
  guardServer,
  guardSocket,
  ipcPathOf,
  parseTcpEndpoint,
  readConnectionShare,
} from '../../sockets/index.ts';

/** What a relay tells. */
export interface RelayListener {
  /** A peer came, or is there again. */
  onPeer(): void;
  /** No peer is left, and everything that the last one sent was passed on. */
  onDeserted(): void;
}

export interface Relay {
  /** Whether what peers send is held back. */
  hold(isHeld: boolean): void;
  /** Ends the connections, not the socket. Twice is once. */
  close(): Promise<void>;
}

/**
 * Gives a socket its peers: whoever connects to the endpoint with `bind`, else who listens there, now or later.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`; the system's error where it cannot listen
 */
export async function openRelay(
  socket: zmq.Socket,
  { endpoint, bind = false }: { readonly endpoint: string; readonly bind?: boolean },
  listener: RelayListener,
): Promise<Relay> {
  const outside = addressOf(endpoint);
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-'));
  const inside = join(folder, 's');
  const pairs = new Pairs(listener);
  const server = createServer((accepted) => {
    if (bind) pairs.join(accepted, connect(inside));
    else pairs.join(connect(outside), accepted);
  });
  guardServer(server, { maxConnections: readConnectionShare(), onFailure: () => {} });
  const close = async (): Promise<void> => {
    server.close();
    pairs.end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (bind) {
      assertLocalEndpoint(endpoint);
      await socket.bind(`ipc://${inside}`);
      await bindEndpoint(endpoint, () => listen(server, outside));
    } else {
      await listen(server, { path: inside });
      socket.connect(`ipc://${inside}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { hold: (isHeld) => pairs.hold(isHeld), close };
}

type Address = { path: string } | { host: string; port: number };

function addressOf(endpoint: string): Address {
  const path = ipcPathOf(endpoint);
  if (path !== undefined) return { path: path.replace(/^@/, '\0') };
  const { host, port } = parseTcpEndpoint(endpoint.replace(/:\*$/, ':0'));
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Connections of peers, each with its one to the socket. */
class Pairs {
  readonly #listener: RelayListener;
  readonly #open = new Map<Socket, Socket>();
  #peers = 0;
  #isHeld = false;

  constructor(listener: RelayListener) {
    this.#listener = listener;
  }

  join(peer: Socket, inner: Socket): void {
    this.#open.set(peer, inner);
    for (const socket of [peer, inner]) guardSocket(socket);
    if (peer.connecting) peer.once('connect', () => this.#came(peer));
    else this.#came(peer);
    peer.on('data', (chunk) => {
      if (!inner.write(chunk)) peer.pause();
    });
    inner.on('drain', () => {
      if (!this.#isHeld) peer.resume();
    });
    if (this.#isHeld) peer.pause();
    inner.pipe(peer);
    peer.once('close', () => {
      this.#open.delete(peer);
      inner.end();
    });
    inner.once('close', () => peer.destroy());
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    for (const [peer, inner] of this.#open) {
      if (isHeld) peer.pause();
      else if (!inner.writableNeedDrain) peer.resume();
    }
  }

  end(): void {
    for (const [peer, inner] of this.#open) {
      peer.destroy();
      inner.destroy();
    }
  }

  #came(peer: Socket): void {
    this.#peers++;
    this.#listener.onPeer();
    peer.once('close', () => {
      if (--this.#peers === 0) this.#listener.onDeserted();
    });
  }
}
