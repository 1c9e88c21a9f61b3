// Bundles over NATS JetStream: one stream, one subject for each recipient, and a durable consumer for each host, so that a
// host that is away for a week finds what was sent to it. A receipt here says that the stream has the bundle.
// https://docs.nats.io/nats-concepts/jetstream
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { maskUrl, parseNatsUrl } from '../../sockets/index.ts';
import type { NatsUrl } from '../../sockets/index.ts';
import { MAX_BUNDLE_BYTES } from './bundle-layout.ts';
import { transportError } from './errors.ts';
import { readBundleHeader } from './open-bundle.ts';
import type { Receipt, SyncTransport, TakeBundle } from './transport.ts';
import type { SyncPeer } from './peers.ts';

/** Options of {@link createNatsTransport}. */
export interface NatsTransportOptions {
  /** `nats://host:4222`, with `user:password@` or `token@` where the server asks for them, or `tls://…`. */
  readonly url: string;
  /** Fingerprint of this host. */
  readonly fingerprint: string;
  /** Name of the stream; made where it is missing. @default 'RUVECTOR_SYNC' */
  readonly stream?: string;
  /** How long the server is waited for. @default 5000 */
  readonly timeoutMs?: number;
}

const SUBJECTS = 'ruvector.sync';
const WEEK_MS = 7 * 86_400_000;
const MILLISECOND_NS = 1_000_000;
/** Bundles fetched at a time. */
const BATCH = 32;
/** How long a fetch waits for the first of them; JetStream takes no less than a second. */
const FETCH_MS = 1000;
/** When a bundle that cannot be taken yet is offered again. */
const AGAIN_MS = 60_000;
/** How often: a sender who is never pinned does not stay for ever. */
const MOST_DELIVERIES = 100;
const MOST_WAITING_A_HOST = 1024;

interface Link {
  readonly connection: NatsConnection;
  readonly publish: (subject: string, bundle: Uint8Array, id: string) => Promise<unknown>;
  readonly consumer: Consumer;
}

/** Connects when it is used first, and again when the connection was lost. */
export function createNatsTransport(options: NatsTransportOptions): SyncTransport {
  return new NatsTransport(options);
}

class NatsTransport implements SyncTransport {
  readonly address: string;
  readonly #options: Required<NatsTransportOptions>;
  #link: Promise<Link> | null = null;

  constructor(options: NatsTransportOptions) {
    this.#options = { stream: 'RUVECTOR_SYNC', timeoutMs: 5000, ...options };
    this.address = maskUrl(options.url);
  }

  reaches(): boolean {
    return true;
  }

  async send({ card }: SyncPeer, bundle: Uint8Array): Promise<Receipt> {
    const { sender, sequence } = readBundleHeader(bundle);
    return this.#use(async ({ publish }) => {
      // The server drops what it was given twice within its window; the recipient drops the rest.
      await publish(subjectOf(card.fingerprint), bundle, `${sender}-${sequence}-${card.fingerprint}`);
      return { kind: 'taken' };
    });
  }

  async fetch(take: TakeBundle): Promise<void> {
    await this.#use(async ({ consumer }) => {
      for (;;) {
        let count = 0;
        const messages = await consumer.fetch({ max_messages: BATCH, expires: FETCH_MS });
        for await (const message of messages) {
          count++;
          await settleMessage(message, await take(message.data));
        }
        if (count < BATCH) return;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const link = await this.#link?.catch(() => null);
    this.#link = null;
    await link?.connection.close().catch(() => undefined);
  }

  async #use<T>(act: (link: Link) => Promise<T>): Promise<T> {
    try {
      this.#link ??= openLink(this.#options);
      return await act(await this.#link);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      if (isRuvectorError(error)) throw error;
      throw transportError(this.address, messageOf(error), error);
    }
  }
}

async function settleMessage(message: JsMsg, receipt: Receipt): Promise<void> {
  if (receipt.kind === 'taken') await message.ackAck();
  else if (receipt.kind === 'refused') message.term(receipt.code);
  else message.nak(AGAIN_MS);
}

async function openLink(options: Required<NatsTransportOptions>): Promise<Link> {
  // Loaded where it is used: who syncs otherwise needs none of it.
  const [{ connect }, jets] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  const { url, timeoutMs, fingerprint, stream } = options;
  const connection = await connect({
    ...parseServer(url),
    timeout: timeoutMs,
    // Rounds come again by themselves, at a pace that grows.
    reconnect: false,
    name: 'ruvector-sync',
  });
  try {
    const manager = await jets.jetstreamManager(connection, { timeout: timeoutMs });
    await manager.streams.info(stream).catch(() =>
      manager.streams.add({
        name: stream,
        subjects: [`${SUBJECTS}.*`],
        retention: jets.RetentionPolicy.Workqueue,
        max_age: WEEK_MS * MILLISECOND_NS,
        max_msg_size: MAX_BUNDLE_BYTES,
        max_msgs_per_subject: MOST_WAITING_A_HOST,
      }),
    );
    const durable = `host-${fingerprint.slice(0, 32)}`;
    await manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: subjectOf(fingerprint),
      ack_policy: jets.AckPolicy.Explicit,
      max_deliver: MOST_DELIVERIES,
    });
    const client = jets.jetstream(connection, { timeout: timeoutMs });
    return {
      connection,
      publish: (subject, bundle, id) => client.publish(subject, bundle, { msgID: id, timeout: timeoutMs }),
      consumer: await client.consumers.get(stream, durable),
    };
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
}

const subjectOf = (fingerprint: string): string => `${SUBJECTS}.${fingerprint}`;

function parseServer(
  url: string,
): Omit<NatsUrl, 'server' | 'isEncrypted'> & { servers: string; tls?: object } {
  const parsed = parseNatsUrl(url);
  if (!parsed) throw transportError(maskUrl(url), 'it is no URL');
  const { server, isEncrypted, ...secrets } = parsed;
  return { servers: server, ...secrets, ...(isEncrypted && { tls: {} }) };
}
