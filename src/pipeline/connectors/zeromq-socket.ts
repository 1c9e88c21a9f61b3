// Record batches over plain ZeroMQ sockets, for any program that has ZeroMQ and Arrow. Not the bridge: no credits, no
// sequence numbers. A message is
//
//   topic · Arrow IPC stream          a schema and a batch
//   topic · nothing                   the end
//   topic · nothing · reason          the sender gave up
//
// PUSH waits for whoever pulls and loses nothing while both live; PUB waits for slow subscribers, and what is sent
// before one subscribes does not reach it.
import type * as zmq from 'zeromq';
import { assertLocalEndpoint, restrictEndpoint } from '../../sockets/index.ts';
import { connectionError } from './errors.ts';

/** Where batches go or come from. */
export interface ZeromqEndpoint {
  /** `tcp://127.0.0.1:5556` or `ipc:///path`. */
  readonly endpoint: string;
  /** True listens there, on this machine only; false connects. */
  readonly bind?: boolean;
  /** What stands before each message. @default "" */
  readonly topic?: string;
}

/** Messages that wait at the sink before it waits. */
export const MESSAGES_IN_FLIGHT = 8;
/** Messages that wait at the source. */
export const DEFAULT_WAITING = 1000;
export const MAX_ARROW_BYTES = 256 * 2 ** 20;

/** @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_WIRE_ENDPOINT` for one that other machines could reach */
export async function attachSocket(
  socket: zmq.Socket,
  { endpoint, bind = false }: ZeromqEndpoint,
): Promise<void> {
  try {
    if (!bind) {
      socket.connect(endpoint);
      return;
    }
    assertLocalEndpoint(endpoint);
    await socket.bind(endpoint);
    await restrictEndpoint(endpoint);
  } catch (cause) {
    socket.close();
    throw cause instanceof Error && cause.name === 'RuvectorError'
      ? cause
      : connectionError('reach', `ZeroMQ endpoint "${endpoint}"`, cause);
  }
}
