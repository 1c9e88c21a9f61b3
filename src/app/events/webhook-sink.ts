// Sends each event as a POST with a JSON body. Tried again, a few times and ever later, where trying can help.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../../core/index.ts';
import type { DaemonEvent } from './daemon-event.ts';
import type { EventSink } from './event-sink.ts';

const TIMEOUT_MS = 5000;
/** Waits before the second and the third attempt. */
const BACKOFF_MS = [1000, 4000];

/** Options of {@link createWebhookSink}. */
export interface WebhookOptions {
  /** Sent as `Authorization: Bearer`. @default none */
  readonly token?: string | undefined;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** @default 1 s and 4 s */
  readonly backoffMs?: readonly number[];
}

/** Builds the sink. The target in logs and status is the origin alone: paths of webhooks are often secret. */
export function createWebhookSink(url: URL, options: WebhookOptions = {}): EventSink {
  const { token, timeoutMs = TIMEOUT_MS, backoffMs = BACKOFF_MS } = options;
  return {
    kind: 'webhook',
    target: url.origin,
    async deliver(event, signal) {
      for (const waitMs of backoffMs) {
        const failure = await post(url, event, token, timeoutMs, signal);
        if (failure === null) return;
        if (!failure.canRetry || signal.aborted) throw failure.error;
        await sleep(waitMs, undefined, { signal });
      }
      const failure = await post(url, event, token, timeoutMs, signal);
      if (failure) throw failure.error;
    },
  };
}

interface Failure {
  readonly error: Error;
  readonly canRetry: boolean;
}

function post(
  url: URL,
  event: DaemonEvent,
  token: string | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Failure | null> {
  const body = JSON.stringify(event);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return new Promise((resolve) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      signal: limit,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'ruvector-memopt',
        // The same for each attempt, so that a receiver can tell a repetition.
        'idempotency-key': event.id,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    request.on('response', (response) => {
      // The answer's body is of no interest, however long it is.
      response.on('error', () => {}).destroy();
      resolve(judge(response.statusCode ?? 0));
    });
    request.on('error', (error) =>
      resolve({ error: new Error(whyUnsent(error, limit, timeoutMs)), canRetry: true }),
    );
    request.end(body);
  });
}

/** Redirections are not followed: the address was chosen by whoever started the daemon. */
function judge(status: number): Failure | null {
  if (status >= 200 && status < 300) return null;
  return { error: new Error(`it answered ${status}`), canRetry: status >= 500 || status === 429 };
}

/** Never the address: it may hold a secret. */
function whyUnsent(error: Error, limit: AbortSignal, timeoutMs: number): string {
  if (limit.aborted) return `no answer within ${timeoutMs / 1000} s`;
  return systemCodeOf(error) ?? error.name;
}
