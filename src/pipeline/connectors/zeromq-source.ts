// Record batches from a ZeroMQ socket. Messages are taken while there is room for them here; the rest waits in the
// sockets of the kernel, and then at the sender. A sender that goes without an end is an error.
import * as zmq from 'zeromq';
import type { Batch, Source } from '../contract.ts';
import { connectionError, messageError } from './errors.ts';
import { createArrivalQueue, mapArrivals } from './arrival-queue.ts';
import type { ArrivalQueue } from './arrival-queue.ts';
import { decodeBatches } from './arrow-message.ts';
import { BUFFER_BYTES, createBatchFeed } from './live-source.ts';
import type { LiveLimits } from './live-source.ts';
import { openRelay } from './zeromq-relay.ts';
import type { Relay, RelayListener } from './zeromq-relay.ts';
import { MAX_ARROW_BYTES, reachError } from './zeromq-endpoint.ts';
import type { ZeromqEndpoint } from './zeromq-endpoint.ts';

/** What is read. */
export interface ZeromqSourceOptions extends ZeromqEndpoint, LiveLimits {
  /** @default "sub" */
  readonly socket?: 'sub' | 'pull';
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
  let relay: Relay | null = null;
  const queue = createArrivalQueue<Uint8Array>(BUFFER_BYTES, (isFull) => relay?.hold(isFull));
  relay = await connectSocket(
    socket,
    options,
    watchSender(() => {
      const state = new Error(
        `its sender has been gone for ${GONE_MS / 1000} s and never said that it was done`,
      );
      queue.end(connectionError('read', `ZeroMQ endpoint "${endpoint}"`, state));
    }),
  );
  void receive(socket, queue, endpoint);
  const batches = mapArrivals(queue, (payload): readonly Batch[] => decodeBatches(endpoint, payload));
  const close = async (): Promise<void> => {
    queue.end();
    socket.close();
    await relay.close();
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

function watchSender(onGone: () => void): RelayListener {
  let timer: NodeJS.Timeout | undefined;
  return {
    onPeer: () => clearTimeout(timer),
    onDeserted: () => (timer = setTimeout(onGone, GONE_MS).unref()),
  };
}

function createSocket({ socket = 'sub', topic = '' }: ZeromqSourceOptions): zmq.Subscriber | zmq.Pull {
  const options = { receiveHighWaterMark: 0, maxMessageSize: MAX_ARROW_BYTES, linger: 0 };
  if (socket === 'pull') return new zmq.Pull(options);
  const subscriber = new zmq.Subscriber(options);
  subscriber.subscribe(topic);
  return subscriber;
}

async function connectSocket(
  socket: zmq.Socket,
  options: ZeromqSourceOptions,
  listener: RelayListener,
): Promise<Relay> {
  try {
    return await openRelay(socket, options, listener);
  } catch (error) {
    socket.close();
    throw reachError(options.endpoint, error);
  }
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
