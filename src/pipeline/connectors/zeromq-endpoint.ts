// Record batches over plain ZeroMQ sockets, for any program that has ZeroMQ and Arrow. Not the bridge: no credits, no
// sequence numbers. A message is
//
//   topic · Arrow IPC stream          a schema and a batch
//   topic · nothing                   the end
//   topic · nothing · reason          the sender gave up
//
// PUSH waits for whoever pulls and loses nothing while both live; PUB waits for slow subscribers, and what is sent
// before one subscribes does not reach it.
import { RuvectorError } from '../../core/index.ts';
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

/** A larger frame makes ZeroMQ drop its sender. */
export const MAX_ARROW_BYTES = 256 * 2 ** 20;

/** What names the endpoint already is kept. */
export function reachError(endpoint: string, cause: unknown): Error {
  return cause instanceof RuvectorError
    ? cause
    : connectionError('reach', `ZeroMQ endpoint "${endpoint}"`, cause);
}
