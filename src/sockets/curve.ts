// CURVE (ZeroMQ RFC 26) for sockets that other hosts reach, and the ZAP handler (RFC 27) that asks whose keys are
// allowed. Keys are hexadecimal text. Not who is allowed: the caller's function says so.
import * as zmq from 'zeromq';
import { encodeZ85 } from './z85.ts';

/** A daemon's side. */
export interface CurveServer {
  readonly secretKey: string;
  /** Whether a client with this public key may connect. Must not throw. */
  readonly isAllowed: (publicKey: string) => boolean;
  /** Told of each key that was not. Must not throw. */
  readonly onRefused?: (publicKey: string, address: string) => void;
}

/** A client's side. */
export interface CurveClient {
  readonly publicKey: string;
  readonly secretKey: string;
  /** Public key that the daemon must prove to have. */
  readonly daemonKey: string;
}

const ZAP_ENDPOINT = 'inproc://zeromq.zap.01';
const ZAP_VERSION = '1.0';
/** Any text: with one, ZeroMQ lets nobody in when there is no handler. */
const ZAP_DOMAIN = 'ruvector';

/** A context of its own, because a context has one ZAP handler, and that one asks. */
export interface CurveContext {
  readonly context: zmq.Context;
  readonly options: Readonly<Record<string, unknown>>;
  close(): void;
}

/** Makes the context of one server. */
export async function createCurveContext(server: CurveServer): Promise<CurveContext> {
  const context = new zmq.Context({ ioThreads: 1 });
  const zap = new zmq.Router({ context, linger: 0 });
  await zap.bind(ZAP_ENDPOINT);
  void answerAll(zap, server);
  return {
    context,
    options: {
      context,
      curveServer: true,
      curveSecretKey: toZ85(server.secretKey),
      zapDomain: ZAP_DOMAIN,
      zapEnforceDomain: true,
    },
    close: () => zap.close(),
  };
}

/** Options of a client's socket. */
export function curveClientOptions(client: CurveClient): Readonly<Record<string, unknown>> {
  return {
    curvePublicKey: toZ85(client.publicKey),
    curveSecretKey: toZ85(client.secretKey),
    curveServerKey: toZ85(client.daemonKey),
  };
}

/** Ends when the socket is closed. */
async function answerAll(zap: zmq.Router, server: CurveServer): Promise<void> {
  for await (const frames of zap) {
    try {
      await answer(zap, frames, server);
    } catch {
      // The handshake that asked has ended meanwhile.
    }
  }
}

/** Request: version, id, domain, address, identity, mechanism, credentials. Reply: version, id, status, text, user, metadata. */
async function answer(zap: zmq.Router, frames: readonly Buffer[], server: CurveServer): Promise<void> {
  const delimiter = frames.findIndex((frame) => frame.length === 0);
  const envelope = frames.slice(0, delimiter + 1);
  const [, id, , address, , mechanism, key] = frames.slice(delimiter + 1);
  if (id === undefined) return;
  const publicKey = key?.toString('hex') ?? '';
  const isAllowed = mechanism?.toString() === 'CURVE' && server.isAllowed(publicKey);
  if (!isAllowed) server.onRefused?.(publicKey, address?.toString() ?? '');
  const status = isAllowed ? ['200', 'OK'] : ['400', 'this key is not allowed'];
  await zap.send([...envelope, ZAP_VERSION, id, ...status, '', '']);
}

const toZ85 = (hex: string): string => encodeZ85(Buffer.from(hex, 'hex'));
