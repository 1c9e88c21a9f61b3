// Record batches from a ZeroMQ socket. Messages are taken from it only while there is room for them here; the rest
// wait in the sockets, and then at the sender.
// Trap: what a sender has sent and closed behind is lost where it does not fit into the sockets, whatever its linger. So
// as many messages may wait as ZeroMQ lets by itself, and a sender that goes without an end is an error.
import * as zmq from 'zeromq';
import type { Batch, Source } from '../contract.ts';
import { connectionError, messageError } from './errors.ts';
import { createArrivalQueue, mapArrivals } from './arrival-queue.ts';
import type { ArrivalQueue } from './arrival-queue.ts';
import { decodeBatches } from './arrow-message.ts';
import { BUFFER_BYTES, createBatchFeed } from './live-source.ts';
import type { LiveLimits } from './live-source.ts';
import { DEFAULT_WAITING, MAX_ARROW_BYTES, attachSocket } from './zeromq-socket.ts';
import type { ZeromqEndpoint } from './zeromq-socket.ts';

/** What is read. */
export interface ZeromqSourceOptions extends ZeromqEndpoint, LiveLimits {
  /** @default "sub" */
  readonly socket?: 'sub' | 'pull';
  /** Messages that may wait in the socket, beside 8 MiB here. @default 1000 */
  readonly waiting?: number;
}

/** A sender that is gone for so long does not come back. */
const GONE_MS = 5000;

/**
 * Opens a socket and waits for the first batch, from which it knows the columns.
 * @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_PIPELINE_MESSAGE`; the signal's reason
 */
export async function openZeromqSource(
  options: ZeromqSourceOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<Source> {
  const { endpoint, rows, forMs } = options;
  const socket = createSocket(options);
  const queue = createArrivalQueue<Uint8Array>(BUFFER_BYTES);
  watchSender(socket, () => {
    const state = new Error(
      `its sender has been gone for ${GONE_MS / 1000} s and never said that it was done`,
    );
    queue.end(connectionError('read', `ZeroMQ endpoint "${endpoint}"`, state));
  });
  await attachSocket(socket, options);
  void receive(socket, queue, endpoint);
  const batches = mapArrivals(queue, (payload): readonly Batch[] => decodeBatches(endpoint, payload));
  const close = async (): Promise<void> => {
    queue.end();
    socket.close();
  };
  try {
    let first: readonly Batch[] | null | undefined = [];
    while (first.length === 0) {
      first = await batches.take(signal);
      if (!first) {
        throw messageError(endpoint, 'an Arrow IPC stream', new Error('it ended before the first batch'));
      }
    }
    return createBatchFeed(`ZeroMQ endpoint "${endpoint}"`, batches, first, {
      limits: { rows, forMs },
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

function watchSender(socket: zmq.Subscriber | zmq.Pull, onGone: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  socket.events.on('disconnect', () => {
    clearTimeout(timer);
    timer = setTimeout(onGone, GONE_MS).unref();
  });
  for (const event of ['accept', 'connect'] as const) socket.events.on(event, () => clearTimeout(timer));
}

function createSocket({
  socket = 'sub',
  topic = '',
  waiting = DEFAULT_WAITING,
}: ZeromqSourceOptions): zmq.Subscriber | zmq.Pull {
  const options = { receiveHighWaterMark: waiting, maxMessageSize: MAX_ARROW_BYTES, linger: 0 };
  if (socket === 'pull') return new zmq.Pull(options);
  const subscriber = new zmq.Subscriber(options);
  subscriber.subscribe(topic);
  return subscriber;
}

async function receive(
  socket: zmq.Subscriber | zmq.Pull,
  queue: ArrivalQueue<Uint8Array>,
  endpoint: string,
): Promise<void> {
  try {
    for (;;) {
      await queue.room();
      const [, payload, reason] = await socket.receive();
      if (payload === undefined) throw new Error('a message has one frame, wanted a topic and a payload');
      if (payload.length > 0) queue.push(payload, payload.length);
      else if (reason === undefined) return queue.end();
      else throw new Error(`its sender gave up: ${reason.toString()}`);
    }
  } catch (cause) {
    queue.end(connectionError('read', `ZeroMQ endpoint "${endpoint}"`, cause));
  }
}
