// Where offers, reports and the files of models are kept: a stream with the last word of each subject, and an object
// store. https://docs.nats.io/nats-concepts/jetstream/obj_store
import type { NatsConnection } from '@nats-io/transport-node';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { ObjectStore } from '@nats-io/obj';
import type { RuvectorError } from '../../core/index.ts';
import { isWithoutJetStream, natsError } from '../connect.ts';
import { noJetStreamError } from '../errors.ts';
import { OFFERS_STREAM, OFFERS_SUBJECT, REPORTS_SUBJECT, MODELS_BUCKET } from '../subjects.ts';

/** What a side of the deployment uses. */
export interface OffersLink {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Opens the object store; made by who offers. */
  openStore(create: boolean): Promise<ObjectStore>;
}

/** Opens the link. */
export async function openOffers(connection: NatsConnection, timeoutMs: number): Promise<OffersLink> {
  const [jets, objects] = await Promise.all([import('@nats-io/jetstream'), import('@nats-io/obj')]);
  const client = jets.jetstream(connection, { timeout: timeoutMs });
  const stores = new objects.Objm(client);
  return {
    connection,
    client,
    manager: await client.jetstreamManager(),
    openStore: (create) => (create ? stores.create(MODELS_BUCKET) : stores.open(MODELS_BUCKET)),
  };
}

/** Makes the stream where it is missing. */
export async function ensureOffers({ manager }: OffersLink): Promise<void> {
  await manager.streams.info(OFFERS_STREAM).catch(() =>
    manager.streams.add({
      name: OFFERS_STREAM,
      subjects: [`${OFFERS_SUBJECT}.>`, `${REPORTS_SUBJECT}.>`],
      max_msgs_per_subject: 1,
    }),
  );
}

/** What the client threw on a link, as what a user can act on. */
export function offersError(servers: string, error: unknown): RuvectorError {
  return isWithoutJetStream(error) ? noJetStreamError(OFFERS_STREAM, error) : natsError(servers, error);
}

/** A dot would end a part of a subject. */
const toToken = (name: string): string => name.replaceAll('.', '_');

export const offerSubjectOf = (model: string): string => `${OFFERS_SUBJECT}.${toToken(model)}`;
export const reportSubjectOf = (host: string, model: string): string =>
  `${REPORTS_SUBJECT}.${host}.${toToken(model)}`;
