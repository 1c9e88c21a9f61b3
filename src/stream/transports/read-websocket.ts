// The client's end of a stream over WebSocket. Knows frames, no formats. docs/streams.md
import { WebSocket } from 'ws';
import { messageOf } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import { fromErrorPayload } from '../../sockets/index.ts';
import { MAX_MESSAGE_BYTES, createStreamCodec } from '../codecs/codec.ts';
import { createMessageQueue } from './message-queue.ts';
import { encodeSubscribeMessage } from '../stream-request.ts';
import type { StreamSource } from './stream-source.ts';
import { lostError, strangeAnswerError, subscriptionRefusedError, untrustedError } from '../errors.ts';
import { isTlsError, readPem } from './certificate.ts';

const HANDSHAKE_MS = 5000;
/** The server pings every 15 s. */
const SILENCE_MS = 45_000;
const GOING_AWAY = 1001;

interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/**
 * Connects to `ws://host:port` or `wss://host:port`.
 * @param caFile PEM of the CAs that a `wss` server's certificate may come from. @default those of Node
 */
export function readWebSocket(endpoint: string, caFile?: string): StreamSource {
  return async function* ({ message, format, signal }) {
    const ca = caFile === undefined ? {} : { ca: readPem(caFile) };
    const codec = createStreamCodec(format);
    const { token, ...request } = message;
    const ws = new WebSocket(new URL('/request', endpoint), {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      ...ca,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    const messages = createMessageQueue<Message>((isFull) => (isFull ? ws.pause() : ws.resume()));
    const silence = watch(ws, endpoint, (error) => messages.end(error));
    ws.on('open', () => ws.send(JSON.stringify(encodeSubscribeMessage({ ...request, format }))));
    ws.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }));
    // Also when the reader has stopped asking.
    const stop = (): void => {
      messages.end();
      ws.terminate();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      for await (const { data, isBinary } of messages) {
        if (signal.aborted) return;
        if (isBinary === (format === 'jsonlines') || isError(data, format)) throw errorOf(data);
        yield codec.decode(data);
      }
    } finally {
      clearInterval(silence);
      signal.removeEventListener('abort', stop);
      ws.terminate();
    }
  };
}

/** Ends the queue when the connection does. */
function watch(ws: WebSocket, endpoint: string, end: (error?: Error) => void): NodeJS.Timeout {
  let heardMs = performance.now();
  ws.on('ping', () => (heardMs = performance.now()));
  ws.on('unexpected-response', (_request, response) =>
    end(subscriptionRefusedError(endpoint, response.statusCode ?? 0)),
  );
  ws.on('error', (error) =>
    end(isTlsError(error) ? untrustedError(endpoint, error) : lostError(endpoint, messageOf(error), error)),
  );
  ws.on('close', (code) => {
    end(code === GOING_AWAY ? undefined : lostError(endpoint, `the connection ended with code ${code}`));
  });
  return setInterval(() => {
    // A reader that is slow has paused the socket and hears nothing.
    if (ws.isPaused) heardMs = performance.now();
    if (performance.now() - heardMs > SILENCE_MS) ws.terminate();
  }, SILENCE_MS / 3).unref();
}

/** A server's error is text, whatever the format. */
function isError(data: Buffer, format: string): boolean {
  return format === 'jsonlines' && data.subarray(0, 17).toString() === '{"event":"error",';
}

function errorOf(data: Buffer): RuvectorError {
  try {
    return fromErrorPayload(JSON.parse(data.toString()));
  } catch {
    return strangeAnswerError();
  }
}
