// A host of a fleet in a process of its own: a real history, to which it appends rows of the real capture, and a real
// publisher that follows it. Answers each line with a line of JSON:
//   append N [SPAN_MS]   N rows, a second apart in their own time or stamped by the clock, spread over a time on the clock
//   clock SHIFT_MS       its clock is set, forwards or back, from the next row on
//   status | drain | close
// node host-child.ts '{"folder": …, "servers": …, "host": …, "startMs": …}'
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { publishToFleet } from '../../../src/app/fleet/publish-to-fleet.ts';
import { createStreamService } from '../../../src/app/streams/stream-service.ts';
import { messageOf } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { readCapture } from '../collect/capture-fixture.ts';

/** What a host is started with. */
export interface HostChildOptions {
  readonly folder: string;
  readonly servers: string;
  readonly host: string;
  /** Time of its first row; each row's own with `clock`. */
  readonly startMs: number | 'clock';
  readonly credentials?: string;
  readonly ca?: string;
  readonly isAnonymized?: boolean;
  readonly batchMs?: number;
  readonly outboxBytes?: number;
  /** @default below `folder` */
  readonly outbox?: string;
}

const options = JSON.parse(process.argv[2]!) as HostChildOptions;
const { folder, servers, host, credentials, ca, isAnonymized = true, batchMs = 50, outboxBytes } = options;
const history = await openHistory(join(folder, 'history'));
const appended = createStreamService(history, () => undefined);
const logged: string[] = [];
const publisher = await publishToFleet({
  access: { servers, credentials, ca, timeoutMs: 2000 },
  history,
  appended,
  folder: options.outbox ?? join(folder, 'outbox'),
  host,
  isAnonymized,
  batchMs,
  ...(outboxBytes !== undefined && { outboxBytes }),
  retryMs: { least: 50, most: 400 },
  onLog: (text) => logged.push(text),
});
const capture = readCapture();
let next = 0;
let lastMs = 0;
let slowestMs = 0;
let shiftMs = 0;

function nextMs(): number {
  const { startMs } = options;
  lastMs = startMs === 'clock' ? Math.max(lastMs + 1, Date.now()) : startMs + next * 1000;
  return lastMs + shiftMs;
}

async function append(count: number, spanMs: number): Promise<object> {
  const started = performance.now();
  for (let i = 0; i < count; i++, next++) {
    const row = { ...capture[next % capture.length]!, timestamp: nextMs() };
    const before = performance.now();
    history.append('memory', [row]);
    appended.publish('memory', [row]);
    slowestMs = Math.max(slowestMs, performance.now() - before);
    const waitMs = started + ((i + 1) * spanMs) / count - performance.now();
    if (waitMs > 1 || i % 100 === 0) await sleep(Math.max(0, waitMs));
  }
  await history.flush();
  return { appended: next, slowestMs };
}

const commands: Readonly<Record<string, (words: readonly string[]) => Promise<object>>> = {
  append: ([count, spanMs = '0']) => append(Number(count), Number(spanMs)),
  clock: async ([ms]) => ({ shiftMs: (shiftMs += Number(ms)) }),
  status: async () => ({ ...publisher.status, appended: next, slowestMs, logged }),
  drain: async () => {
    await publisher.drain();
    return publisher.status;
  },
  close: async () => {
    await publisher[Symbol.asyncDispose]();
    await appended[Symbol.asyncDispose]();
    await history.close();
    setImmediate(() => process.exit());
    return { rows: next };
  },
};

process.stdout.write(`${JSON.stringify({ ready: process.pid })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const [name = '', ...words] = line.split(' ');
  const answer = await commands[name]!(words).catch((error: unknown) => ({ error: messageOf(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
