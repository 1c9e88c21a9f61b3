// How everything is sent: with a length, to be kept by nobody, to be taken for nothing else than it is.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { JsonText } from './page-source.ts';

/** Headers of every answer. */
const common = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Sends JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  sendBytes(
    response,
    status,
    Buffer.from(isJsonText(value) ? value.jsonText : JSON.stringify(value ?? null)),
    {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
  );
}

/** Sends bytes; answers to HEAD have no body, Node leaves it out and keeps the length. */
export function sendBytes(
  response: ServerResponse,
  status: number,
  bytes: Uint8Array,
  headers: OutgoingHttpHeaders,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...common, 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

const isJsonText = (value: unknown): value is JsonText =>
  typeof value === 'object' && value !== null && 'jsonText' in value;
