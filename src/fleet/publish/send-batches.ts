// The outbox of a host → a stream of NATS: a few batches at a time, each gone from the outbox when the server says that
// it has it. What is lost on the way is sent again under the same identity, by which server and collector know it.
import type { JetStreamClient } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { natsError } from '../connect.ts';
import { fleetStreamError } from '../errors.ts';
import { ANONYMIZED_HEADER, ROWS_STREAM, formatBatchId, rowsSubjectOf } from '../subjects.ts';
import type { RowOutbox, WaitingBatch } from './outbox.ts';

/** Who sends. */
export interface SenderOptions {
  readonly host: string;
  readonly isAnonymized: boolean;
  readonly servers: string;
  readonly timeoutMs: number;
  readonly onSent: (rows: number, sizeBytes: number) => void;
}

/** Batches on their way: enough to fill a line of 50 ms with messages of some kilobytes. */
const WINDOW = 32;

/** Sends over one connection until it ends or the signal aborts. */
export async function sendBatches(
  connection: NatsConnection,
  outbox: RowOutbox,
  options: SenderOptions,
  { signal, changed }: { readonly signal: AbortSignal; readonly changed: () => Promise<void> },
): Promise<void> {
  const [{ jetstream }, { headers }] = await Promise.all([
    import('@nats-io/jetstream'),
    import('@nats-io/transport-node'),
  ]);
  const client = jetstream(connection, { timeout: options.timeoutMs });
  const marks = headers();
  marks.set(ANONYMIZED_HEADER, String(options.isAnonymized));
  const flying = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const noteEnd = async (): Promise<void> => {
    failures.push((await connection.closed()) ?? new Error('the connection ended'));
  };
  const ended = noteEnd();
  while (!signal.aborted && failures.length === 0) {
    const batch = flying.size < WINDOW ? outbox.take() : null;
    if (batch === null) {
      await Promise.race([...(flying.size < WINDOW ? [changed()] : []), ...flying, ended]);
      continue;
    }
    const flight = sendOne(client, outbox, batch, { ...options, headers: marks })
      .catch((error: unknown) => void failures.push(error))
      .finally(() => flying.delete(flight));
    flying.add(flight);
  }
  if (failures.length > 0 && !signal.aborted) throw publishError(options.servers, failures[0]);
}

async function sendOne(
  client: JetStreamClient,
  outbox: RowOutbox,
  batch: WaitingBatch,
  { host, timeoutMs, headers, onSent }: SenderOptions & { readonly headers: MsgHdrs },
): Promise<void> {
  const payload = await outbox.read(batch);
  if (payload === null) {
    outbox.acknowledge(batch);
    return;
  }
  const { epoch, kind, sequence, rows } = batch;
  await client.publish(rowsSubjectOf(host, kind), payload, {
    msgID: formatBatchId({ host, epoch, kind, sequence }),
    headers,
    timeout: timeoutMs,
    retries: 1,
  });
  outbox.acknowledge(batch);
  onSent(rows, payload.length);
}

/** No stream takes the subject, or the stream refuses; everything else is the connection's. */
function publishError(servers: string, error: unknown): Error {
  if (isRuvectorError(error) || !(error instanceof Error)) return natsError(servers, error);
  const names = [error.name, error.cause instanceof Error ? error.cause.name : ''];
  // Without a stream for the subject the client cannot tell whether there is any JetStream.
  if (names.includes('NoRespondersError') || names.includes('JetStreamNotEnabled')) {
    return fleetStreamError(
      ROWS_STREAM,
      'no stream of this server takes rows',
      'run `ruvector-memopt fleet collect` once, which makes it; the rows wait in the outbox',
      error,
    );
  }
  if (names.includes('JetStreamApiError')) {
    return fleetStreamError(
      ROWS_STREAM,
      `it takes no more (${messageOf(error)})`,
      'collect what is in it, or raise its limits; the rows wait in the outbox',
      error,
    );
  }
  return natsError(servers, error);
}
