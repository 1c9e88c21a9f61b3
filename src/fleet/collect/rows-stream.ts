// The stream that keeps the hosts' rows until a lake has them, and the one consumer that takes them out: made where they
// are missing, used as they are where an administrator made them.
import type * as JetStream from '@nats-io/jetstream';
import type { Consumer, ConsumerInfo, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import { isWithoutJetStream, natsError } from '../connect.ts';
import { fleetStreamError, noJetStreamError } from '../errors.ts';
import { ROWS_STREAM, ROWS_SUBJECT } from '../subjects.ts';

/** Options of {@link openRows}. */
export interface RowsOptions {
  readonly servers: string;
  readonly lakeId: string;
  /** When a batch that was not acknowledged comes again. */
  readonly ackMs: number;
  /** Servers that keep the stream. */
  readonly replicas: number;
  /** Most bytes of the stream; then hosts keep their rows. Null leaves it to the server. */
  readonly maxBytes: number | null;
  readonly timeoutMs: number;
}

/** The rows of all hosts, to be taken. */
export interface Rows {
  readonly consumer: Consumer;
  /** What is wrong with a stream that an administrator made; null when it keeps all until it is taken. */
  readonly flaw: RuvectorError | null;
  /** Batches not taken yet, and taken ones that were not acknowledged. */
  readLeft(): Promise<number>;
}

const MILLISECOND_NS = 1_000_000;
/** For this long the server itself drops what it was given twice. */
const DUPLICATE_MS = 600_000;
/** Most batches that a collector may hold. */
export const MOST_HELD = 65_536;

/** @throws RuvectorError `ERR_FLEET_STREAM`, `ERR_FLEET_AUTH` */
export async function openRows(connection: NatsConnection, options: RowsOptions): Promise<Rows> {
  const jets = await import('@nats-io/jetstream');
  const { servers, lakeId, ackMs, timeoutMs } = options;
  const durable = `lake-${lakeId}`;
  try {
    const manager = await jets.jetstreamManager(connection, { timeout: timeoutMs });
    const config = await ensureStream(manager, options, jets);
    // What an earlier collector of this lake took and did not acknowledge comes again at once, not after its time.
    if (config.retention === jets.RetentionPolicy.Workqueue)
      await manager.consumers.delete(ROWS_STREAM, durable).catch(() => false);
    await manager.consumers.add(ROWS_STREAM, {
      durable_name: durable,
      ack_policy: jets.AckPolicy.Explicit,
      ack_wait: ackMs * MILLISECOND_NS,
      max_ack_pending: MOST_HELD,
    });
    const consumer = await jets
      .jetstream(connection, { timeout: timeoutMs })
      .consumers.get(ROWS_STREAM, durable);
    const left = ({ num_pending, num_ack_pending }: ConsumerInfo): number => num_pending + num_ack_pending;
    return {
      consumer,
      flaw: findFlaw(config, config.discard === jets.DiscardPolicy.Old),
      readLeft: async () => left(await manager.consumers.info(ROWS_STREAM, durable)),
    };
  } catch (error) {
    throw rowsError(servers, error);
  }
}

async function ensureStream(
  manager: JetStreamManager,
  { replicas, maxBytes }: RowsOptions,
  jets: typeof JetStream,
): Promise<StreamConfig> {
  const found = await manager.streams.info(ROWS_STREAM).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'StreamNotFoundError') return null;
    throw error;
  });
  if (found) return found.config;
  const added = await manager.streams.add({
    name: ROWS_STREAM,
    subjects: [`${ROWS_SUBJECT}.>`],
    retention: jets.RetentionPolicy.Workqueue,
    // A stream that is full refuses: the rows wait on the hosts, and nothing is lost.
    discard: jets.DiscardPolicy.New,
    duplicate_window: DUPLICATE_MS * MILLISECOND_NS,
    num_replicas: replicas,
    ...(maxBytes !== null && { max_bytes: maxBytes }),
  });
  return added.config;
}

/** A stream that lets old messages go loses what no collector took in time. */
function findFlaw(config: StreamConfig, isDroppingOld: boolean): RuvectorError | null {
  const limits = [
    config.max_age > 0 && `max_age is ${config.max_age / MILLISECOND_NS / 1000} s`,
    ...(['max_bytes', 'max_msgs', 'max_msgs_per_subject'] as const).map(
      (name) => isDroppingOld && config[name] > 0 && `${name} is ${config[name]}, discard "old"`,
    ),
  ].filter((limit) => limit !== false);
  if (limits.length === 0) return null;
  return fleetStreamError(
    ROWS_STREAM,
    `it lets rows go that were not collected in time (${limits.join('; ')})`,
    'set max_age to 0 and discard to "new"; then hosts keep what it has no room for',
  );
}

function rowsError(servers: string, error: unknown): Error {
  if (isWithoutJetStream(error)) return noJetStreamError(ROWS_STREAM, error);
  if (!(error instanceof Error) || error.name !== 'JetStreamApiError') return natsError(servers, error);
  const isOther = /workqueue/i.test(error.message);
  return isOther
    ? fleetStreamError(
        ROWS_STREAM,
        'another lake takes its rows',
        'collect into that lake, or remove its consumer (`nats consumer rm`) when it is gone for good',
        error,
      )
    : fleetStreamError(
        ROWS_STREAM,
        messageOf(error),
        'make it as docs/fleet.md says, or allow this account to',
        error,
      );
}
