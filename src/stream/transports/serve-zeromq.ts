// Streams over ZeroMQ: a ROUTER here, a DEALER in each subscriber; PUB would drop silently. One connection
// is one subscription; credit bounds what is on its way to it. Knows no formats. docs/streams.md
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuvectorError } from '../../core/index.ts';
import {
  RouterSocket,
  ipcPathOf,
  isToken,
  isUnread,
  toErrorPayload,
  DEFAULT_LEASE_MS,
} from '../../sockets/index.ts';
import type { StreamKinds } from '../stream-contract.ts';
import type { ServedEndpoint } from './served-endpoint.ts';
import { creditError, strayStreamMessageError, streamTokenError, subscriberGoneError } from '../errors.ts';
import { MAX_REQUEST_BYTES, parseSubscribeMessage } from '../stream-request.ts';
import type { StreamSessions } from './stream-sessions.ts';
import { BYE, CREDIT, ERROR, EVENTS, PING, SUBSCRIBE, buildFrames, parsePayload } from './zeromq-frames.ts';

const PING_MS = 2000;
/** No type is longer. */
const MAX_TYPE_BYTES = 16;
/** Messages that may wait for a subscriber, whatever credit it gave; the clients give 16. */
const SEND_MARK = 64;
/** How soon one that had as many is tried again. */
const UNREAD_MS = 20;
/** How long a subscriber may take to answer a BYE. */
const BYE_MS = 500;

export interface ZeromqOptions {
  readonly address: string;
  readonly kinds: StreamKinds;
  readonly sessions: StreamSessions;
  readonly token: string | undefined;
  readonly onProblem: (problem: RuvectorError) => void;
}

interface Peer {
  readonly id: Uint8Array;
  /** Messages it may have been sent in all, and has been. */
  credit: number;
  sent: number;
  wake: (() => void) | null;
  isGone: boolean;
  abort: () => void;
  /** Resolves when it said goodbye or is gone: until then ZeroMQ may still have something for it. */
  readonly left: PromiseWithResolvers<void>;
}

/**
 * Serves subscribers.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` when the address is taken or cannot be used
 */
export async function serveZeromq(options: ZeromqOptions): Promise<ServedEndpoint> {
  const router = await RouterSocket.open({
    plane: 'data',
    endpoint: options.address,
    leaseMs: DEFAULT_LEASE_MS,
    maxMessageBytes: MAX_REQUEST_BYTES,
    sendMark: SEND_MARK,
    onFlooded: options.onProblem,
  });
  return new ZeromqServer(router, options);
}

class ZeromqServer implements ServedEndpoint {
  readonly endpoint: string;
  readonly #router: RouterSocket;
  readonly #options: ZeromqOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #received: Promise<void>;
  readonly #pings: NodeJS.Timeout;
  #isClosing = false;

  constructor(router: RouterSocket, options: ZeromqOptions) {
    this.endpoint = router.endpoint;
    this.#router = router;
    this.#options = options;
    this.#received = this.#receive();
    options.sessions.countFailures(() => router.failures);
    // ZeroMQ says that some connection ended, not whose: sending finds out.
    router.onDisconnect(() => this.#pingAll());
    this.#pings = setInterval(() => this.#pingAll(), PING_MS);
    this.#pings.unref();
  }

  async #receive(): Promise<void> {
    for await (const [id, type, payload] of this.#router.messages) {
      if (id && type && payload)
        this.#message(id, type.subarray(0, MAX_TYPE_BYTES).toString('ascii'), payload);
    }
  }

  #message(id: Buffer, type: string, payload: Buffer): void {
    const key = id.toString('hex');
    const peer = this.#peers.get(key);
    try {
      if (type === SUBSCRIBE && !peer) this.#subscribe(key, id, payload);
      else if (type === CREDIT && peer) this.#credit(peer, parsePayload(payload)['credit']);
      else if (type === BYE && peer) this.#forget(key, peer);
      else if (type !== BYE && type !== CREDIT) {
        throw strayStreamMessageError(type);
      }
    } catch (error) {
      if (peer) this.#forget(key, peer);
      this.#options.sessions.noteRefused();
      this.#reply(id, ERROR, toErrorPayload(error));
    }
  }

  #subscribe(key: string, id: Buffer, payload: Buffer): void {
    const json = parsePayload(payload);
    const { token } = this.#options;
    if (token !== undefined && !isToken(json['token'], token)) {
      throw streamTokenError();
    }
    const message = parseSubscribeMessage(json, this.#options.kinds);
    const left = Promise.withResolvers<void>();
    const peer: Peer = { id, credit: 0, sent: 0, wake: null, isGone: false, abort: () => {}, left };
    this.#credit(peer, json['credit'] ?? 1);
    const { abort, done } = this.#options.sessions.start(message, (bytes) => this.#events(peer, bytes));
    peer.abort = abort;
    this.#peers.set(key, peer);
    void this.#sayBye(key, peer, done);
  }

  /** The subscriber answers a BYE when it has read everything before it. */
  async #sayBye(key: string, peer: Peer, done: Promise<void>): Promise<void> {
    const failure: unknown = await done.then(
      () => null,
      (error: unknown) => error,
    );
    if (peer.isGone) return;
    if (failure === null) this.#reply(peer.id, BYE);
    else this.#reply(peer.id, ERROR, toErrorPayload(failure));
    await Promise.race([peer.left.promise, sleep(BYE_MS, undefined, { ref: false })]);
    this.#forget(key, peer);
  }

  #credit(peer: Peer, credit: unknown): void {
    if (!Number.isSafeInteger(credit)) {
      throw creditError(credit);
    }
    peer.credit = Math.max(peer.credit, Number(credit));
    peer.wake?.();
  }

  /** Waits for credit, then sends. @throws when the peer is gone, or gives no credit while this closes */
  async #events(peer: Peer, bytes: Uint8Array): Promise<void> {
    while (peer.sent >= peer.credit && !peer.isGone && !this.#isClosing) {
      await new Promise<void>((resolve) => (peer.wake = resolve));
      peer.wake = null;
    }
    if (peer.isGone || peer.sent >= peer.credit) throw subscriberGoneError();
    peer.sent++;
    while (!(await this.#sent(peer, bytes))) await sleep(UNREAD_MS);
  }

  /** False when as much waits for this subscriber as may. @throws when it is gone, or does not read while this closes */
  async #sent(peer: Peer, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#router.send(peer.id, buildFrames(EVENTS, bytes));
      return true;
    } catch (error) {
      if (isUnread(error) && !peer.isGone && !this.#isClosing) return false;
      this.#forget(Buffer.from(peer.id).toString('hex'), peer);
      throw error;
    }
  }

  #pingAll(): void {
    for (const [key, peer] of this.#peers) {
      this.#router.send(peer.id, buildFrames(PING)).catch((error: unknown) => {
        if (!isUnread(error)) this.#forget(key, peer);
      });
    }
  }

  /** Answers who may be gone already. */
  #reply(id: Uint8Array, type: string, payload?: object): void {
    this.#router.send(id, buildFrames(type, payload)).catch(() => {});
  }

  #forget(key: string, peer: Peer): void {
    peer.isGone = true;
    peer.wake?.();
    peer.abort();
    peer.left.resolve();
    if (this.#peers.get(key) === peer) this.#peers.delete(key);
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    await this.#options.sessions.drain();
    this.#isClosing = true;
    for (const { wake } of this.#peers.values()) wake?.();
    await Promise.all([...this.#peers.values()].map(({ left }) => left.promise));
    await this.#router.close();
    await this.#received;
    // ZeroMQ leaves it behind.
    const path = ipcPathOf(this.endpoint);
    if (path !== undefined) await rm(path, { force: true });
  }
}
