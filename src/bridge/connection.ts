// A client's authenticated connection to one endpoint: says HELLO, decodes what comes, and ends once
// with one error. What the messages mean is up to its owner.
import type { RuvectorError } from '../core/index.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { DealerSocket } from '../sockets/index.ts';
import type { SocketOptions } from '../sockets/index.ts';
import { assertSize } from './plane.ts';
import type { OutgoingMessage, WireMessage } from './message.ts';
import { daemonLostError, noAnswerError, nothingListensError } from './errors.ts';

export interface ConnectionHandlers {
  onMessage(message: WireMessage): void;
  /** Called once: the connection is of no more use. */
  onEnd(error: RuvectorError): void;
}

export class Connection implements AsyncDisposable {
  readonly #socket: DealerSocket;
  readonly #handlers: ConnectionHandlers;
  readonly #maxMessageBytes: number;
  #hasEnded = false;

  constructor(options: SocketOptions, handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#socket = new DealerSocket(options);
    const { endpoint } = options;
    this.#socket.connect((why) =>
      this.#end(why === 'lost' ? daemonLostError(endpoint) : nothingListensError(endpoint)),
    );
    this.#run().catch((error: unknown) => this.#end(error as RuvectorError));
  }

  /** @throws RuvectorError `ERR_WIRE_TOO_LARGE` before anything is sent, `ERR_WIRE_CLOSED` */
  async send(message: OutgoingMessage): Promise<void> {
    const frames = encodeMessage(message);
    assertSize(frames, this.#maxMessageBytes);
    await this.#socket.send(frames);
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    await this.#socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    for await (const frames of this.#socket.messages) {
      if (this.#hasEnded) return;
      this.#handlers.onMessage(decodeMessage(frames));
    }
  }

  /** Messages that arrived before the end are read first: they are queued already. */
  #end(error: RuvectorError): void {
    if (this.#hasEnded) return;
    setImmediate(() => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      this.#handlers.onEnd(error);
    });
  }
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
