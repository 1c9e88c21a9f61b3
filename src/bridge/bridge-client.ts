// The client's side of the bridge in TypeScript: requests to a running daemon, and its record batches.
// The Python side is python/src/ruvector/_bridge. Specification: docs/protocol.md
import { randomUUID } from 'node:crypto';
import type { RuvectorError } from '../core/index.ts';
import { Connection, withTimeout } from './connection.ts';
import { fromErrorPayload, DEFAULT_LEASE_MS } from '../sockets/index.ts';
import { buildProof } from '../keys/index.ts';
import type { CurveClient } from '../sockets/index.ts';
import { parseBulk } from './bulk-offer.ts';
import type { BulkOffer } from './bulk-offer.ts';
import { MessageType, PROTOCOL_VERSION } from './message.ts';
import type { OutgoingMessage, Payload, WireMessage } from './message.ts';
import { openClientBatches } from './client-batches.ts';
import type { ClientBatches, BatchOptions, OpenBatches } from './client-batches.ts';
import { attachmentsTooLargeError, clientClosedError } from './errors.ts';

export interface ConnectOptions {
  readonly controlEndpoint: string;
  /** @default the one that a daemon on another host names */
  readonly dataEndpoint?: string;
  /** Of a daemon of this machine, or of a trusted network. @default none: `key` is needed then */
  readonly token?: string;
  /** Of this client, and of the daemon on another host that it trusts. @default none */
  readonly key?: CurveClient;
  /** For the connection and its HELLO; calls have no limit but the daemon's life. @default 10 000 */
  readonly timeoutMs?: number;
  /** A daemon silent for this long on the ZeroMQ level is gone. @default 10 000 */
  readonly leaseMs?: number;
}

export interface RequestOptions {
  /** Sent without a copy: must not be written to before the answer. */
  readonly attachments?: readonly Uint8Array[];
  /** Cancels the request on the daemon. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
}

export interface RequestReply {
  readonly result: unknown;
  readonly attachments: Uint8Array[];
}

export interface BridgeClient extends AsyncDisposable {
  /**
   * Asks the daemon something. It has 1,024 requests of a client at a time; others wait here.
   * @throws RuvectorError with the handler's own code, or `ERR_WIRE_UNKNOWN_REQUEST`, `ERR_WIRE_TOO_LARGE`,
   *   `ERR_WIRE_DISCONNECTED`, `ERR_WIRE_CLOSED`; the signal's reason when cancelled
   */
  request(name: string, params?: unknown, options?: RequestOptions): Promise<RequestReply>;
  /**
   * Asks for record batches by name. Leaving the loop early closes what they come from.
   * @throws RuvectorError as `request`, and `ERR_WIRE_UNKNOWN_STREAM`
   */
  openBatches(name: string, params?: unknown, options?: BatchOptions): Promise<ClientBatches>;
  close(): Promise<void>;
}

type OutgoingRequest = OutgoingMessage & { readonly correlation: number };

interface Waiting {
  resolve(reply: RequestReply): void;
  reject(error: unknown): void;
  onProgress: ((progress: unknown) => void) | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Requests that the daemon has at a time; the others wait here for their turn, not there as a flood. */
const MOST_ASKED = 1024;
/** Until the daemon's HELLO says what it takes. */
const INITIAL_MAX_BYTES = 2 ** 20;

/**
 * Connects to a daemon.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON`, `ERR_WIRE_AUTH`, `ERR_WIRE_VERSION`, `ERR_WIRE_TIMEOUT`
 */
export async function connectBridge(options: ConnectOptions): Promise<BridgeClient> {
  const client = new Client(options);
  try {
    await client.hello();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

class Client implements BridgeClient {
  readonly #options: ConnectOptions & Required<Pick<ConnectOptions, 'timeoutMs' | 'leaseMs'>>;
  readonly #clientId = randomUUID();
  readonly #control: Connection;
  readonly #waiting = new Map<number, Waiting>();
  readonly #unasked = new Map<number, OutgoingRequest>();
  readonly #open = new Set<OpenBatches>();
  #asked = 0;
  #lastNumber = 0;
  #lastBulk = 0;
  #bulk: BulkOffer;
  #maxMessageBytes = INITIAL_MAX_BYTES;
  #ended: RuvectorError | null = null;

  constructor(options: ConnectOptions) {
    this.#options = { timeoutMs: DEFAULT_TIMEOUT_MS, leaseMs: DEFAULT_LEASE_MS, ...options };
    const { controlEndpoint, dataEndpoint = controlEndpoint, token = null, key } = options;
    this.#bulk = { endpoint: dataEndpoint, token, seal: null };
    this.#control = new Connection(
      {
        plane: 'control',
        endpoint: controlEndpoint,
        leaseMs: this.#options.leaseMs,
        maxMessageBytes: Number.MAX_SAFE_INTEGER,
        curve: key,
      },
      { onMessage: (message) => this.#message(message), onEnd: (error) => this.#end(error) },
    );
  }

  async hello(): Promise<void> {
    const { token, key, timeoutMs, controlEndpoint } = this.#options;
    const proof = key && buildProof(key, key.daemonKey, key.publicKey, key.daemonKey);
    const credentials = key ? { key: key.publicKey, proof } : { token };
    const reply = this.#expect(undefined);
    await this.#control.send({
      type: MessageType.HELLO,
      correlation: reply.number,
      payload: { protocol: PROTOCOL_VERSION, ...credentials, client: this.#clientId },
    });
    await withTimeout(reply.promise, timeoutMs, `connect to daemon at "${controlEndpoint}"`);
  }

  async request(name: string, params?: unknown, options: RequestOptions = {}): Promise<RequestReply> {
    const { attachments = [], signal, onProgress } = options;
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    this.#assertFits(attachments);
    const { number, promise } = this.#expect(onProgress);
    const cancel = (): void => this.#cancel(number, signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const payload = { name, params: params ?? null };
      this.#ask({ type: MessageType.REQUEST, correlation: number, payload, attachments });
      return await promise;
    } finally {
      this.#waiting.delete(number);
      this.#askNext(number);
      signal?.removeEventListener('abort', cancel);
    }
  }

  async openBatches(name: string, params?: unknown, options: BatchOptions = {}): Promise<ClientBatches> {
    if (this.#ended) throw this.#ended;
    const { leaseMs } = this.#options;
    const { endpoint, token, seal } = this.#bulk;
    const batches = await openClientBatches({
      endpoint,
      token,
      // Each connection has keys of its own.
      seal: seal && { ...seal, connection: this.#lastBulk++ },
      clientId: this.#clientId,
      leaseMs,
      maxMessageBytes: this.#maxMessageBytes,
      name,
      params,
      options,
      onClose: (closed) => this.#open.delete(closed),
    });
    this.#open.add(batches);
    return batches;
  }

  async close(): Promise<void> {
    const reason = clientClosedError();
    this.#end(reason);
    await Promise.all([...this.#open].map((batches) => batches.abandon(reason)));
    await this.#control.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #expect(onProgress: Waiting['onProgress']): { number: number; promise: Promise<RequestReply> } {
    const number = ++this.#lastNumber;
    const promise = new Promise<RequestReply>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject, onProgress });
    });
    // Its owner awaits it later; a failure before that is not unhandled.
    promise.catch(() => {});
    return { number, promise };
  }

  #ask(request: OutgoingRequest): void {
    const { correlation } = request;
    if (this.#asked === MOST_ASKED) {
      this.#unasked.set(correlation, request);
      return;
    }
    this.#asked++;
    this.#control.send(request).catch((error: unknown) => this.#waiting.get(correlation)?.reject(error));
  }

  /** After a request has ended. */
  #askNext(ended: number): void {
    if (this.#unasked.delete(ended)) return;
    this.#asked--;
    const [next] = this.#unasked.values();
    if (!next) return;
    this.#unasked.delete(next.correlation);
    this.#ask(next);
  }

  #message({ type, correlation, payload, attachments }: WireMessage): void {
    const waiting = this.#waiting.get(correlation);
    switch (type) {
      case MessageType.HELLO:
        this.#welcome(payload ?? {}, waiting);
        return;
      case MessageType.PROGRESS:
        waiting?.onProgress?.(payload?.['progress']);
        return;
      case MessageType.REPLY:
        waiting?.resolve({ result: payload?.['result'], attachments: [...attachments] });
        return;
      case MessageType.ERROR:
        this.#fail(fromErrorPayload(payload), correlation, waiting);
        return;
      default:
        // PROBE and types of a later version need no answer.
        return;
    }
  }

  #welcome({ maxMessageBytes, bulk }: Payload, waiting: Waiting | undefined): void {
    this.#maxMessageBytes = Number(maxMessageBytes ?? INITIAL_MAX_BYTES);
    try {
      this.#bulk = parseBulk(bulk, this.#options.controlEndpoint) ?? this.#bulk;
      waiting?.resolve({ result: null, attachments: [] });
    } catch (error) {
      waiting?.reject(error);
    }
  }

  /** An error of no request: the whole connection is of no more use. */
  #fail(error: RuvectorError, correlation: number, waiting: Waiting | undefined): void {
    if (correlation === 0) this.#end(error);
    else waiting?.reject(error);
  }

  #cancel(number: number, reason: unknown): void {
    this.#waiting.get(number)?.reject(reason);
    this.#control.send({ type: MessageType.CANCEL, correlation: number }).catch(() => {
      // The connection ended, and with it the request.
    });
  }

  #assertFits(attachments: readonly Uint8Array[]): void {
    const sizeBytes = attachments.reduce((sum, bytes) => sum + bytes.byteLength, 0);
    if (sizeBytes <= this.#maxMessageBytes) return;
    throw attachmentsTooLargeError(sizeBytes, this.#maxMessageBytes);
  }

  #end(error: RuvectorError): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
