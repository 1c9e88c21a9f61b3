// Tabs on real sockets, and a feed on a real hub: who reads nothing is let go, and nothing is read for nobody.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { memoryKind, optimizationKind, processKind } from '../../../src/core/index.ts';
import { createLiveFeed } from '../../../src/page/live-feed.ts';
import type { LiveFeed } from '../../../src/page/live-feed.ts';
import { createLiveSockets } from '../../../src/page/live-sockets.ts';
import { createStreamHub } from '../../../src/stream/index.ts';
import type { StreamHub } from '../../../src/stream/index.ts';
import { snapshot } from '../../support/memory-rows.ts';
import { until } from '../../support/until.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanup.splice(0)) await clean();
});

async function open(): Promise<{ hub: StreamHub; feed: LiveFeed; connect: () => WebSocket }> {
  const kinds = { memory: memoryKind, process: processKind, optimization: optimizationKind };
  const hub = createStreamHub({ kinds, anonymized: false });
  const feed = createLiveFeed({
    follow: (signal) => hub.open({ tables: ['memory', 'process'], overflow: 'drop-oldest' }, signal),
    decided: () => ({ label: null }),
    onProblem: () => undefined,
  });
  const sockets = createLiveSockets(feed, async () => ({ kind: 'status' }));
  const http = createServer().listen(0, '127.0.0.1');
  http.on('upgrade', (request, socket, head) => sockets.take(request, socket, head));
  await once(http, 'listening');
  cleanup.push(async () => {
    await sockets.close();
    feed.close();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { hub, feed, connect: () => new WebSocket(`ws://127.0.0.1:${port}/api/live`).on('error', () => {}) };
}

describe('createLiveSockets()', () => {
  it('lets go a tab that reads nothing once a megabyte waits for it, and tells the other one everything', async () => {
    const { feed, connect } = await open();
    const [stuck, reading] = [connect(), connect()];
    let heard = 0;
    reading.on('message', () => heard++);
    await Promise.all([once(stuck, 'open'), once(reading, 'open')]);
    await until(() => feed.size === 2 && heard === 1, 'both were told the status');
    stuck.pause();
    const text = 'x'.repeat(100_000);
    let sent = 0;
    await until(async () => {
      feed.publish({ kind: 'status', text });
      sent++;
      // As a sampler does, which never waits for a tab.
      await new Promise(setImmediate);
      return feed.size === 1;
    }, 'the tab that does not read was let go');
    await until(() => heard === sent + 1, 'the other one has heard all');
    stuck.terminate();
  });
});

describe('createLiveFeed()', () => {
  /** The first sample that comes, also in one piece with what comes before. */
  const firstSample = (ws: WebSocket): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      ws.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as Record<string, unknown>;
        if (frame['kind'] === 'sample') resolve(frame);
      });
    });

  it('follows the hub while somebody looks, and not a moment longer', async () => {
    const { hub, feed, connect } = await open();
    expect(hub.stats().subscribers).toBe(0);
    const tabs = [connect(), connect()];
    await until(() => feed.size === 2, 'both tabs were in');
    expect(hub.stats().subscribers).toBe(1);
    for (const tab of tabs) tab.close();
    await until(() => hub.stats().subscribers === 0, 'nobody followed any more');
    const again = connect();
    await until(() => hub.stats().subscribers === 1, 'somebody looked again');
    again.close();
  });

  it('sends names of processes as the data they are, the largest first', async () => {
    const { hub, feed, connect } = await open();
    const ws = connect();
    const sample = firstSample(ws);
    await until(() => feed.size === 1, 'the tab was in');
    const names = [
      '<img src=x onerror=alert(1)>',
      '\u202Egnp.exe\n\r\t"',
      "';DROP TABLE--",
      '</script>',
      'ça va ☃',
    ];
    const scan = names.map((name, i) => ({
      ...Object.fromEntries(processKind.fields.map((field) => [field.name, null])),
      timestamp: 1000,
      pid: i + 1,
      name,
      rss_kib: 100 * (i + 1),
    }));
    hub.publish('process', scan);
    hub.publish('memory', [snapshot({ timestamp: 1000 })]);
    const frame = await sample;
    expect(frame['topAtMs']).toBe(1000);
    expect((frame['top'] as { name: string }[]).map(({ name }) => name)).toEqual(names.toReversed());
    ws.close();
  });
});
