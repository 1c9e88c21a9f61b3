// A client's authenticated connection to one endpoint: says HELLO, decodes what comes, and ends once
// with one error. What the messages mean is up to its owner.
import type { RuvectorError } from '../core/index.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { DealerSocket } from '../sockets/index.ts';
import type { ConnectionLoss, CurveClient, DealerOptions } from '../sockets/index.ts';
import { Direction, Opener, Sealer } from './seal.ts';
import type { SealKeys } from './seal.ts';
import { assertSize } from './plane.ts';
import { MessageType } from './message.ts';
import type { OutgoingMessage, WireMessage } from './message.ts';
import {
  daemonLostError,
  keyNotAllowedError,
  noAnswerError,
  nothingListensError,
  withheldError,
  wrongDaemonError,
} from './errors.ts';

export interface ConnectionHandlers {
  onMessage(message: WireMessage): void;
  /** Called once: the connection is of no more use. */
  onEnd(error: RuvectorError): void;
}

/** The daemon says at once that it has accepted HELLO, whatever its source takes: within a lease, but at least so long. */
const MIN_FIRST_MESSAGE_MS = 3000;
/** It asks every third lease whether its clients are there. */
const SILENT_LEASES = 7;

export interface ConnectionOptions extends DealerOptions {
  /** Its messages are sealed. @default they are plain */
  readonly seal?: SealKeys | undefined;
}

export class Connection implements AsyncDisposable {
  readonly #sealer: Sealer | null;
  readonly #opener: Opener | null;
  readonly #socket: DealerSocket;
  readonly #handlers: ConnectionHandlers;
  readonly #maxMessageBytes: number;
  readonly #leaseMs: number;
  #silence: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    const { endpoint, curve, seal } = options;
    this.#leaseMs = options.leaseMs;
    this.#sealer = seal ? new Sealer(seal, Direction.TO_DAEMON) : null;
    this.#opener = seal ? new Opener(seal, Direction.TO_CLIENT) : null;
    this.#handlers = handlers;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#socket = new DealerSocket(options);
    this.#socket.connect((why) => this.#end(lossError(why, endpoint, curve)));
    this.#run().catch((error: unknown) => this.#end(error as RuvectorError));
  }

  /** @throws RuvectorError `ERR_WIRE_TOO_LARGE` before anything is sent, `ERR_WIRE_CLOSED` */
  async send(message: OutgoingMessage): Promise<void> {
    const frames = encodeMessage(message);
    assertSize(frames, this.#maxMessageBytes);
    await this.#socket.send(this.#sealer?.seal(frames) ?? frames);
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#silence);
    await this.#socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    if (this.#opener) return this.#runSealed(this.#opener);
    for await (const frames of this.#socket.messages) {
      if (this.#hasEnded) return;
      this.#handlers.onMessage(decodeMessage(frames));
    }
  }

  /**
   * Each PROBE is answered: a message that somebody withholds shows by the number of the next one. The daemon sends the
   * first as soon as it has accepted HELLO, and more as long as it lives.
   */
  async #runSealed(opener: Opener): Promise<void> {
    this.#watch(Math.max(this.#leaseMs, MIN_FIRST_MESSAGE_MS));
    for await (const frames of this.#socket.messages) {
      if (this.#hasEnded) return;
      this.#watch(SILENT_LEASES * this.#leaseMs);
      const message = decodeMessage(opener.open(frames, true));
      if (message.type === MessageType.PROBE) this.send({ type: MessageType.PROBE }).catch(() => {});
      else this.#handlers.onMessage(message);
    }
  }

  #watch(limitMs: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(withheldError(limitMs)), limitMs);
  }

  /** Messages that arrived before the end are read first: they are queued already. */
  #end(error: RuvectorError): void {
    clearTimeout(this.#silence);
    if (this.#hasEnded) return;
    setImmediate(() => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      this.#handlers.onEnd(error);
    });
  }
}

/** Between programs of one machine a connection that ends in its handshake is lost like any other. */
function lossError(why: ConnectionLoss, endpoint: string, curve: CurveClient | undefined): RuvectorError {
  if (why === 'absent') return nothingListensError(endpoint);
  if (!curve || why === 'lost') return daemonLostError(endpoint);
  if (why === 'refused') return keyNotAllowedError(endpoint, curve.publicKey);
  return wrongDaemonError(endpoint, curve.daemonKey);
}

/** Rejects with `ERR_WIRE_TIMEOUT` unless `promise` settles in time. */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(noAnswerError(what, timeoutMs));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
