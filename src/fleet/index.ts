// fleet: many hosts over NATS JetStream: a host's history into a stream, the stream into a lake of Parquet, models
// offered to hosts. Not a broker and not a scheduler: the server is NATS, its client the official one. docs/fleet.md
export { connectNats } from './connect.ts';
export type { NatsAccess } from './connect.ts';
export { isHostName } from './subjects.ts';
export { DEFAULT_BATCH_MS, DEFAULT_OUTBOX_MIB, openPublisher } from './publish/publisher.ts';
export type { FleetPublisher, PublisherStatus } from './publish/publisher.ts';
export type { PublishedKind } from './publish/row-batches.ts';
export {
  DEFAULT_FILE_MS,
  DEFAULT_FILE_ROWS,
  DEFAULT_FLEET_K,
  collectFleet,
} from './collect/collect-fleet.ts';
export type { CollectFleetOptions, CollectReport } from './collect/collect-fleet.ts';
export type { OfferedFile } from './deploy/offer.ts';
export {
  DEFAULT_CANARY_MS,
  DEFAULT_CANARY_SHARE,
  DEFAULT_SETTLE_MS,
  offerModel,
} from './deploy/offer-model.ts';
export type { OfferOptions, OfferOutcome } from './deploy/offer-model.ts';
export { takeOffers } from './deploy/take-offers.ts';
export type { OfferTaker, OfferedFiles, OfferedModels } from './deploy/take-offers.ts';
