// Requests on the control endpoint: HELLO, REQUEST → PROGRESS* → REPLY or ERROR, CANCEL.
// A client that vanishes aborts its requests. It knows no batches.
import type { RuvectorError } from '../core/index.ts';
import type { BatchMemory } from './batch-memory.ts';
import {
  notOnControlError,
  repeatedRequestError,
  requestCancelledError,
  requesterGoneError,
  requestsClosingError,
  unknownRequestError,
} from './errors.ts';
import { MessageType, PROTOCOL_VERSION } from './message.ts';
import type { WireMessage } from './message.ts';
import { Plane } from './plane.ts';
import { takeSharedAttachments } from './shared-attachments.ts';
import type { Peer, PlaneHandlers, PlaneOptions, PlaneStats } from './plane.ts';

/** What a handler may use besides the parameters. */
export interface RequestContext {
  /** Bytes that came with the request. They belong to the handler. */
  readonly attachments: Uint8Array[];
  /** Aborts when the client cancels or vanishes, or the daemon closes. */
  readonly signal: AbortSignal;
  /** Tells the client how far it is; anything JSON can hold. */
  readonly progress: (value: unknown) => void;
  readonly clientId: string;
}

export interface RequestResult {
  readonly result: unknown;
  /** Sent without a copy: must not be written to afterwards. */
  readonly attachments?: Uint8Array[];
}

/** Answers one kind of request. What it throws reaches the caller with its code. */
export type RequestHandler = (params: unknown, context: RequestContext) => Promise<RequestResult>;

export interface RequestPlaneOptions extends Omit<PlaneOptions, 'handlers'> {
  readonly memory: BatchMemory;
  readonly requests: Readonly<Record<string, RequestHandler>>;
  /** Of the product; told to clients, who hold their own against it. */
  readonly version?: string | undefined;
  /** The last control connection of a client ended, and with it its lease. */
  readonly onClientLost: (clientId: string) => void;
  /** What else the answer to its HELLO tells a client. */
  readonly helloFields: (peer: Peer) => object;
  /** A control connection ended. */
  readonly onPeerLost: (peer: Peer) => void;
}

export class RequestPlane implements PlaneHandlers {
  readonly #options: RequestPlaneOptions;
  readonly #plane: Plane;
  readonly #running = new Map<string, { peer: Peer; abort: AbortController; done: Promise<void> }>();
  #isDraining = false;

  constructor(options: RequestPlaneOptions) {
    this.#options = options;
    this.#plane = new Plane({ ...options, handlers: this });
  }

  stats(): PlaneStats & { activeRequests: number } {
    return { ...this.#plane.stats(), activeRequests: this.#running.size };
  }

  /** Whether a client holds a lease: a live control connection. */
  hasClient(clientId: string): boolean {
    return this.#plane.hasClient(clientId);
  }

  /** Takes no new requests and waits for the running ones; after the deadline they are aborted. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#isDraining = true;
    const abortAll = (): void => {
      for (const { abort } of this.#running.values()) abort.abort(requestsClosingError());
    };
    deadline.addEventListener('abort', abortAll, { once: true });
    if (deadline.aborted) abortAll();
    await Promise.race([
      Promise.all([...this.#running.values()].map(({ done }) => done)),
      // A handler that ignores its signal is not waited for.
      new Promise((resolve) => deadline.addEventListener('abort', resolve, { once: true })),
    ]);
    deadline.removeEventListener('abort', abortAll);
  }

  close(): Promise<void> {
    return this.#plane.close();
  }

  onHello(peer: Peer, { correlation, payload: hello }: WireMessage): void {
    const { boot } = (hello?.['shared'] ?? {}) as { boot?: unknown };
    const folder = boot === undefined ? null : this.#options.memory.folderFor(boot);
    const payload = {
      protocol: PROTOCOL_VERSION,
      maxMessageBytes: this.#options.maxMessageBytes,
      leaseMs: this.#options.leaseMs,
      pid: process.pid,
      ...(this.#options.version !== undefined && { version: this.#options.version }),
      ...(folder !== null && { shared: { folder } }),
      ...this.#options.helloFields(peer),
    };
    this.#plane.send(peer, { type: MessageType.HELLO, correlation, payload }).catch(() => {
      // Closed meanwhile.
    });
  }

  onMessage(peer: Peer, message: WireMessage): void {
    const { type, correlation } = message;
    if (type === MessageType.REQUEST) this.#start(peer, message);
    else if (type === MessageType.CANCEL)
      this.#running.get(keyOf(peer, correlation))?.abort.abort(requestCancelledError());
    else if (type !== MessageType.BYE && type !== MessageType.ERROR) {
      this.#plane.sendError(peer, notOnControlError(type), { correlation });
    }
  }

  #start(peer: Peer, message: WireMessage): void {
    const key = keyOf(peer, message.correlation);
    if (this.#running.has(key)) {
      this.#plane.sendError(peer, repeatedRequestError(message.correlation), {
        correlation: message.correlation,
      });
      return;
    }
    const abort = new AbortController();
    const done = this.#serve(peer, message, abort.signal).finally(() => this.#running.delete(key));
    this.#running.set(key, { peer, abort, done });
  }

  async #serve(peer: Peer, message: WireMessage, signal: AbortSignal): Promise<void> {
    const { correlation, attachments } = message;
    const { memory, maxMessageBytes } = this.#options;
    try {
      const { name, params, shared } = message.payload ?? {};
      const handler = this.#handlerOf(name);
      const answer = await handler(params, {
        attachments:
          shared === undefined
            ? [...attachments]
            : await takeSharedAttachments(memory.folder, shared, maxMessageBytes),
        signal,
        clientId: peer.clientId,
        progress: (value) => this.#progress(peer, correlation, value),
      });
      const payload = { result: answer.result ?? null };
      await this.#plane.send(peer, {
        type: MessageType.REPLY,
        correlation,
        payload,
        attachments: answer.attachments ?? [],
      });
    } catch (error) {
      this.#plane.sendError(peer, signal.aborted ? (signal.reason ?? error) : error, { correlation });
    }
  }

  #progress(peer: Peer, correlation: number, value: unknown): void {
    const payload = { progress: value ?? null };
    this.#plane.send(peer, { type: MessageType.PROGRESS, correlation, payload }).catch(() => {
      // Progress is news, not a result: a peer that is closing does not need it.
    });
  }

  #handlerOf(name: unknown): RequestHandler {
    if (this.#isDraining) throw requestsClosingError();
    const { requests } = this.#options;
    if (typeof name === 'string' && Object.hasOwn(requests, name)) return requests[name]!;
    throw unknownRequestError(name, Object.keys(requests));
  }

  /** Ends the leases of some clients, who hear why. */
  expel(reason: RuvectorError, isExpelled: (peer: Peer) => boolean): void {
    this.#plane.expel(reason, isExpelled);
  }

  onLost(peer: Peer, reason: RuvectorError = requesterGoneError()): void {
    for (const entry of this.#running.values()) {
      if (entry.peer.key === peer.key) entry.abort.abort(reason);
    }
    this.#options.onPeerLost(peer);
    if (!this.#plane.hasClient(peer.clientId)) this.#options.onClientLost(peer.clientId);
  }
}

function keyOf(peer: Peer, correlation: number): string {
  return `${peer.key}/${correlation}`;
}
