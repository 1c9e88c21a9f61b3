// Messages as anybody may send them, by the plain client: what is no batch, and batches once more.
import { RetentionPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { StreamConfig } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';
import { memoryKind } from '../../../src/core/index.ts';
import { encodeFleetBatch } from '../../../src/fleet/encode-fleet-batch.ts';
import { mondayMs, snapshots } from '../memory-rows.ts';

/** Subject, bytes, headers. */
export type RawMessage = readonly [string, Uint8Array, Readonly<Record<string, string>>];

/** Puts messages into the stream. */
export async function publishRaw(url: string, messages: readonly RawMessage[]): Promise<void> {
  const connection = await connect({ servers: url });
  const client = jetstream(connection);
  for (const [subject, bytes, marks] of messages) {
    const own = headers();
    for (const [name, value] of Object.entries(marks)) own.set(name, value);
    await client.publish(subject, bytes, { headers: own });
  }
  await connection.close();
}

/** A batch of a host's memory rows, a second apart, as a publisher sends it. */
export async function buildRawBatch(host: string, sequence: number, rowCount: number): Promise<RawMessage> {
  const rows = snapshots(rowCount, (row) => ({ timestamp: mondayMs + (sequence * rowCount + row) * 1000 }));
  const bytes = await encodeFleetBatch(memoryKind, rows);
  return [
    `ruvector.fleet.rows.${host}.memory`,
    bytes,
    { 'Nats-Msg-Id': `${host}.epoch1.memory.${sequence}` },
  ];
}

/** Messages that the stream holds. */
export async function countMessages(url: string): Promise<number> {
  const connection = await connect({ servers: url });
  try {
    return (await (await jetstreamManager(connection)).streams.info('RUVECTOR_FLEET')).state.messages;
  } finally {
    await connection.close();
  }
}

/** Makes the stream as an administrator may. */
export async function makeRowsStream(url: string, config: Partial<StreamConfig>): Promise<void> {
  const connection = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'RUVECTOR_FLEET', subjects: ['ruvector.fleet.rows.>'], ...config });
  } finally {
    await connection.close();
  }
}

/** Hears what hosts send, and sends it once more. */
export interface Repeater extends AsyncDisposable {
  /** Sends everything that was heard again. @returns the messages */
  repeat(): Promise<number>;
}

/** Makes the stream with a server that forgets at once what it was given: what comes twice is in it twice. */
export async function createRepeater(url: string): Promise<Repeater> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: 'RUVECTOR_FLEET',
    subjects: ['ruvector.fleet.rows.>'],
    retention: RetentionPolicy.Workqueue,
    duplicate_window: 100 * 1_000_000,
  });
  const heard: [string, Uint8Array, MsgHdrs | undefined][] = [];
  const seen = new Set<string>();
  connection.subscribe('ruvector.fleet.rows.>', {
    callback: (_, message) => {
      const id = message.headers?.get('Nats-Msg-Id') ?? '';
      if (seen.has(id)) return;
      seen.add(id);
      heard.push([message.subject, message.data, message.headers]);
    },
  });
  await connection.flush();
  return {
    async repeat() {
      // Longer than the server remembers.
      const endMs = performance.now() + 300;
      while (performance.now() < endMs) await connection.flush();
      const client = jetstream(connection);
      for (const [subject, data, marks] of heard) {
        const { duplicate } = await client.publish(subject, data, marks ? { headers: marks } : {});
        if (duplicate) throw new Error('the server remembered it');
      }
      return heard.length;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** Batches that collectors took and did not acknowledge. */
export async function heldBy(url: string): Promise<number> {
  const connection = await connect({ servers: url });
  try {
    const consumers = await (await jetstreamManager(connection)).consumers.list('RUVECTOR_FLEET').next();
    return consumers.reduce((sum, { num_ack_pending }) => sum + num_ack_pending, 0);
  } finally {
    await connection.close();
  }
}

/** Which server of a cluster keeps the stream. */
export async function findHolder(servers: string): Promise<string> {
  const connection = await connect({ servers: servers.split(',') });
  try {
    const { cluster } = await (await jetstreamManager(connection)).streams.info('RUVECTOR_FLEET');
    return cluster!.leader!;
  } finally {
    await connection.close();
  }
}
