// Names that hosts and collectors share: streams, subjects and the identity of a message. Pure.
//
//   ruvector.fleet.rows.<host>.<kind>       batches of rows, in the stream RUVECTOR_FLEET
//   ruvector.fleet.offers.<model>           what is offered, the last of each model, in RUVECTOR_OFFERS
//   ruvector.fleet.reports.<host>.<model>   what became of it there, in the same stream
//   Nats-Msg-Id: <host>.<epoch>.<kind>.<sequence>

/** Rows of all hosts until a lake has them. */
export const ROWS_STREAM = 'RUVECTOR_FLEET';
export const ROWS_SUBJECT = 'ruvector.fleet.rows';
/** Offers of models, and what became of them on each host. */
export const OFFERS_STREAM = 'RUVECTOR_OFFERS';
export const OFFERS_SUBJECT = 'ruvector.fleet.offers';
export const REPORTS_SUBJECT = 'ruvector.fleet.reports';
/** Object store of the files of models. */
export const MODELS_BUCKET = 'ruvector-models';
/** Header: whether the rows were anonymised before they left. */
export const ANONYMIZED_HEADER = 'Ruvector-Anonymized';
export const ID_HEADER = 'Nats-Msg-Id';

/** Which batch of which host. Sequences of one host, epoch and kind count from 1 without a gap. */
export interface BatchId {
  readonly host: string;
  /** Of one outbox: a host whose outbox was lost counts anew under another epoch. */
  readonly epoch: string;
  readonly kind: string;
  readonly sequence: number;
}

const HOST = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const ID =
  /^(?<host>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.(?<epoch>[a-z0-9]{6,32})\.(?<kind>[a-z]{1,32})\.(?<sequence>[1-9]\d{0,14})$/;

/** Whether a text may name a host in subjects and folders. */
export const isHostName = (text: string): boolean => HOST.test(text);

/** The subject of a host's rows of a kind. */
export const rowsSubjectOf = (host: string, kind: string): string => `${ROWS_SUBJECT}.${host}.${kind}`;

/** The text of an identity, by which the server and every collector know a batch again. */
export const formatBatchId = ({ host, epoch, kind, sequence }: BatchId): string =>
  `${host}.${epoch}.${kind}.${sequence}`;

/** Parses what {@link formatBatchId} gave; null when it is something else. */
export function parseBatchId(text: string): BatchId | null {
  const groups = ID.exec(text)?.groups as Record<'host' | 'epoch' | 'kind' | 'sequence', string> | undefined;
  return groups ? { ...groups, sequence: Number(groups.sequence) } : null;
}
