// Record batches into a ZeroMQ socket. It waits while nobody takes them: that is the back-pressure.
// Traps obeyed here: a peer that has not read all loses the rest when its connection ends, whatever the linger, so the
// sink stays until its peers have gone; an XPUB that may not drop counts as writable all the same, and says EAGAIN.
import { setTimeout as sleep } from 'node:timers/promises';
import * as zmq from 'zeromq';
import { systemCodeOf } from '../../core/index.ts';
import type { Batch, Sink } from '../contract.ts';
import { connectionError } from './errors.ts';
import { encodeBatch } from './arrow-message.ts';
import { assertLocalEndpoint, bindEndpoint } from '../../sockets/index.ts';
import { reachError } from './zeromq-endpoint.ts';
import type { ZeromqEndpoint } from './zeromq-endpoint.ts';

/** Where batches go. */
export interface ZeromqSinkOptions extends ZeromqEndpoint {
  /** @default "pub" */
  readonly socket?: 'pub' | 'push';
  /** Subscribers that a PUB waits for before its first batch. @default 1 */
  readonly subscribers?: number;
  /** How long it stays at most behind its end, for peers that are still reading. @default 10000 */
  readonly lingerMs?: number;
}

/** Messages that wait here before it waits. */
const MESSAGES_IN_FLIGHT = 8;
const LINGER_MS = 10_000;
/** Between two tries to send to a subscriber that is full. */
const FULL_MS = 1;
const SUBSCRIBE = 1;

/** Opens a socket, listening unless told otherwise. @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_WIRE_ENDPOINT` */
export async function openZeromqSink(options: ZeromqSinkOptions): Promise<Sink> {
  const common = { sendHighWaterMark: MESSAGES_IN_FLIGHT, linger: options.lingerMs ?? LINGER_MS };
  // An XPUB is a PUB that hears of its subscribers.
  const socket =
    options.socket === 'push'
      ? new zmq.Push(common)
      : // At a mark on what subscribers say, one of them could end the process (libzmq 4364).
        new zmq.XPublisher({ ...common, noDrop: true, receiveHighWaterMark: 0 });
  const sink = new ZeromqSink(socket, options);
  await attachSocket(socket, options);
  return sink;
}

async function attachSocket(socket: zmq.Socket, { endpoint, bind }: ZeromqEndpoint): Promise<void> {
  try {
    if (bind === false) {
      socket.connect(endpoint);
      return;
    }
    assertLocalEndpoint(endpoint);
    await bindEndpoint(endpoint, (at) => socket.bind(at));
  } catch (cause) {
    socket.close();
    throw reachError(endpoint, cause);
  }
}

class ZeromqSink implements Sink {
  readonly #socket: zmq.Push | zmq.XPublisher;
  readonly #options: ZeromqSinkOptions;
  readonly #topic: string;
  #sending = 0;
  #isReady: Promise<void> | null = null;
  #came = 0;
  #went = 0;
  /** Called when as many peers have gone as came. */
  #onDeserted = (): void => {};

  constructor(socket: zmq.Push | zmq.XPublisher, options: ZeromqSinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#topic = options.topic ?? '';
    for (const event of ['accept', 'connect'] as const) socket.events.on(event, () => this.#came++);
    socket.events.on('disconnect', () => {
      if (++this.#went === this.#came) this.#onDeserted();
    });
  }

  async consume(batch: Batch): Promise<void> {
    const message = encodeBatch(batch);
    this.#sending = message.length;
    await this.#send([this.#topic, message]);
    this.#sending = 0;
  }

  async #send(frames: (string | Uint8Array)[]): Promise<void> {
    try {
      await (this.#isReady ??= this.#waitForSubscribers());
      await this.#sendWhole(frames);
    } catch (cause) {
      throw connectionError('write', `ZeroMQ endpoint "${this.#options.endpoint}"`, cause);
    }
  }

  async #sendWhole(frames: (string | Uint8Array)[]): Promise<void> {
    for (;;) {
      try {
        return await this.#socket.send(frames);
      } catch (error) {
        if (this.#socket.closed || systemCodeOf(error) !== 'EAGAIN') throw error;
      }
      await sleep(FULL_MS);
    }
  }

  async #waitForSubscribers(): Promise<void> {
    const socket = this.#socket;
    if (!(socket instanceof zmq.XPublisher)) return;
    let count = 0;
    while (count < (this.#options.subscribers ?? 1)) {
      const [message] = await socket.receive();
      count += message?.[0] === SUBSCRIBE ? 1 : -1;
    }
  }

  async flush(): Promise<void> {}

  memoryUsage(): number {
    return this.#sending;
  }

  async finish(): Promise<void> {
    // Whoever has gone need not be told, and a PUSH would wait for another one.
    if (!this.#isDeserted()) {
      await this.#send([this.#topic, new Uint8Array()]);
      await this.#waitForPeers();
    }
    this.#socket.close();
  }

  #isDeserted(): boolean {
    return this.#came > 0 && this.#came === this.#went;
  }

  /** ZeroMQ tells of a peer later than it sends to it: who sent had one. */
  async #waitForPeers(): Promise<void> {
    const { socket, subscribers = 1, lingerMs = LINGER_MS } = this.#options;
    const hadPeers = this.#came > 0 || socket === 'push' || subscribers > 0;
    if (!hadPeers || this.#isDeserted()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.#onDeserted = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async abort(): Promise<void> {
    if (this.#socket.closed) return;
    // Who is not there to take it need not be told.
    this.#socket.sendTimeout = 0;
    this.#socket.linger = 1000;
    await this.#socket.send([this.#topic, '', 'the pipeline was aborted']).catch(() => {});
    this.#socket.close();
  }
}
