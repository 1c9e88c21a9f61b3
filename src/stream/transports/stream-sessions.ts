// The running subscriptions of one served endpoint, whatever its transport: opens them at the hub, encodes,
// counts, limits their number and drains them before a close. A transport gives each a way to send.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../../core/index.ts';
import { WireErrorCode } from '../../sockets/index.ts';
import { createStreamCodec } from '../codecs/codec.ts';
import type { StreamEvent, StreamFormat, StreamRequest } from '../stream-contract.ts';
import type { HubSubscription, StreamHub } from '../hub/stream-hub.ts';
import type { SubscribeMessage } from '../stream-request.ts';
import { streamClosingError, streamCutError, streamFullError } from '../errors.ts';

/** Figures of a served stream since it began. */
export interface StreamStats {
  readonly subscribers: number;
  readonly subscribed: number;
  readonly records: number;
  readonly gaps: number;
  /** Records that subscribers were told they do not get. */
  readonly dropped: number;
  readonly messages: number;
  readonly bytes: number;
  /** Connections that were refused: their origin, their token or what they asked for. */
  readonly refused: number;
  /** Connections that broke: a reset, bytes that are no request, too many at once. */
  readonly failed: number;
}

/** What every transport needs. */
export interface SessionOptions {
  readonly hub: StreamHub;
  readonly format: StreamFormat;
  /** What a subscriber gets that asks for nothing. */
  readonly request: StreamRequest;
  readonly maxSubscribers: number;
}

/** Takes one message; resolves when the next may come, rejects when the subscriber is gone. */
export type SendMessage = (
  message: Uint8Array,
  events: readonly StreamEvent[],
  format: StreamFormat,
) => Promise<void>;

/** How long subscribers get to take what is left when the stream closes. */
const DRAIN_MS = 1000;

interface Session {
  readonly subscription: HubSubscription;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export class StreamSessions {
  readonly #options: SessionOptions;
  readonly #sessions = new Set<Session>();
  #ended = { subscribed: 0, records: 0, gaps: 0, dropped: 0 };
  #messages = 0;
  #bytes = 0;
  #refused = 0;
  #failed = 0;
  #countFailures: () => number = () => 0;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get maxSubscribers(): number {
    return this.#options.maxSubscribers;
  }

  /** Counts a connection that its transport refused. */
  noteRefused(): void {
    this.#refused++;
  }

  /** Adds what a transport counts itself. */
  countFailures(count: () => number): void {
    this.#countFailures = count;
  }

  /** Counts a connection that broke. */
  noteFailed(): void {
    this.#failed++;
  }

  /**
   * Starts a subscription; `done` resolves when it ended or the subscriber left, and rejects when it was cut short.
   * @throws RuvectorError `ERR_WIRE_STREAM_REQUEST`, `ERR_WIRE_STREAM_FULL`, `ERR_WIRE_CLOSED`
   */
  start(message: SubscribeMessage, send: SendMessage): { abort: () => void; done: Promise<void> } {
    this.#assertRoom();
    const { hub, request, format: defaultFormat } = this.#options;
    const { format = defaultFormat, token: _token, ...asked } = message;
    const abort = new AbortController();
    const subscription = hub.open({ ...request, ...asked }, abort.signal);
    const session: Session = {
      subscription,
      abort,
      done: this.#run(subscription, abort.signal, format, send).finally(() => this.#leave(session)),
    };
    this.#sessions.add(session);
    return { abort: () => abort.abort(), done: session.done };
  }

  #assertRoom(): void {
    if (this.#isClosed) {
      throw streamClosingError();
    }
    const { maxSubscribers } = this.#options;
    if (this.#sessions.size < maxSubscribers) return;
    throw streamFullError(maxSubscribers);
  }

  async #run(
    subscription: HubSubscription,
    signal: AbortSignal,
    format: StreamFormat,
    send: SendMessage,
  ): Promise<void> {
    const codec = createStreamCodec(format, this.#options.hub.kinds);
    for await (const events of subscription.batches()) {
      const message = codec.encode(events);
      this.#messages++;
      this.#bytes += message.byteLength;
      try {
        await send(message, events, format);
      } catch {
        // The subscriber left, and whoever sends knows why; or time is over.
        break;
      }
    }
    if (isRuvectorError(signal.reason, WireErrorCode.DISCONNECTED)) throw signal.reason;
  }

  #leave(session: Session): void {
    this.#sessions.delete(session);
    const { records, gaps, dropped } = session.subscription.stats;
    this.#ended.subscribed++;
    this.#ended.records += records;
    this.#ended.gaps += gaps;
    this.#ended.dropped += dropped;
  }

  stats(): StreamStats {
    const sum = {
      ...this.#ended,
      messages: this.#messages,
      bytes: this.#bytes,
      refused: this.#refused,
      failed: this.#failed + this.#countFailures(),
      subscribers: this.size,
    };
    for (const { subscription } of this.#sessions) {
      sum.subscribed++;
      sum.records += subscription.stats.records;
      sum.gaps += subscription.stats.gaps;
      sum.dropped += subscription.stats.dropped;
    }
    return sum;
  }

  /** Lets every subscriber take what is left, for a second at most; then it hears that this is not the end. */
  async drain(): Promise<void> {
    this.#isClosed = true;
    const sessions = [...this.#sessions];
    for (const { subscription } of sessions) subscription.end();
    const done = Promise.allSettled(sessions.map((session) => session.done));
    const timer = new AbortController();
    await Promise.race([done, sleep(DRAIN_MS, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    for (const { abort } of sessions) abort.abort(streamCutError());
  }
}
