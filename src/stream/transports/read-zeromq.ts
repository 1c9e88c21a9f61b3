// The client's end of a stream over ZeroMQ: a DEALER that grants credit as its reader reads. A new
// connection is a new subscription. Knows no formats. docs/streams.md
import { DealerSocket, fromErrorPayload, DEFAULT_LEASE_MS } from '../../sockets/index.ts';
import { createStreamCodec } from '../codecs/codec.ts';
import { createMessageQueue } from './message-queue.ts';
import { lostError, unreadableErrorError } from '../errors.ts';
import { encodeSubscribeMessage } from '../stream-request.ts';
import type { StreamSource } from './stream-source.ts';
import {
  BYE,
  CREDIT,
  CREDIT_STEP,
  CREDIT_WINDOW,
  ERROR,
  EVENTS,
  MAX_FRAME_BYTES,
  SUBSCRIBE,
  buildFrames,
  parsePayload,
} from './zeromq-frames.ts';
import type { MessageQueue } from './message-queue.ts';

const goneStates = {
  absent: 'nothing listens there',
  lost: 'the connection ended',
  refused: 'it was refused there',
  unproven: 'the connection ended',
} as const;

/** Connects to `ipc:///path` or `tcp://host:port`. */
export function readZeromq(endpoint: string): StreamSource {
  return async function* ({ message, format, signal }) {
    const codec = createStreamCodec(format);
    await using socket = new DealerSocket({
      plane: 'data',
      endpoint,
      leaseMs: DEFAULT_LEASE_MS,
      maxMessageBytes: MAX_FRAME_BYTES,
    });
    // Credit bounds what waits here; nothing needs to pause.
    const messages = createMessageQueue<Uint8Array>(() => {});
    socket.connect((why) => messages.end(lostError(endpoint, goneStates[why])));
    const receiving = receive(socket, messages);
    const leave = async (): Promise<void> => {
      await socket.send(buildFrames(BYE)).catch(() => {});
      await socket.close();
    };
    // Also when the reader has stopped asking.
    const stop = (): void => {
      messages.end();
      void leave();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      const asked = { ...encodeSubscribeMessage({ ...message, format }), credit: CREDIT_WINDOW };
      await socket.send(buildFrames(SUBSCRIBE, asked));
      let read = 0;
      for await (const bytes of messages) {
        if (signal.aborted) break;
        yield codec.decode(bytes);
        if (++read % CREDIT_STEP === 0) {
          await socket.send(buildFrames(CREDIT, { credit: read + CREDIT_WINDOW }));
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await leave();
      await receiving;
    }
  };
}

async function receive(socket: DealerSocket, messages: MessageQueue<Uint8Array>): Promise<void> {
  for await (const [type, payload] of socket.messages) {
    if (!type || !payload) continue;
    const name = type.toString('ascii');
    if (name === EVENTS) messages.push(payload);
    else if (name === BYE) messages.end();
    else if (name === ERROR) messages.end(errorOf(payload));
  }
}

function errorOf(payload: Uint8Array): Error {
  try {
    return fromErrorPayload(parsePayload(payload));
  } catch (cause) {
    return unreadableErrorError(cause);
  }
}
