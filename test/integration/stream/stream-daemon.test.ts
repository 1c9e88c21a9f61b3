// Streams of a real daemon, of `serve --stream` and of `export --stream` without a daemon.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runStreamCommand } from '../../../src/app/streams/stream-command.ts';
import type { StreamInfo } from '../../../src/app/streams/stream-service.ts';
import { openDataStream } from '../../../src/stream/index.ts';
import type { StreamEvent } from '../../../src/stream/index.ts';
import { createTestHome, startDaemon } from '../../support/daemon.ts';

async function read(endpoint: string, count: number): Promise<StreamEvent[]> {
  await using stream = openDataStream(endpoint, { connectTimeoutMs: 1000 });
  const events: StreamEvent[] = [];
  for await (const event of stream.subscribeAll()) {
    events.push(event);
    if (events.filter(({ type }) => type === 'record').length === count) break;
  }
  return events;
}

it('serve streams what it samples, anonymised, and starts and stops streams when asked', async () => {
  await using home = await createTestHome();
  const pipe = `pipe:${home.root}/live.pipe`;
  await using daemon = await startDaemon(home, ['--hz', '20', '--process-interval', '0.2', '--stream', pipe]);
  const started = (await daemon.client.request('stream.start', { endpoint: 'ws://127.0.0.1:0' }))
    .result as StreamInfo;
  for (const endpoint of [started.endpoint, pipe]) {
    const events = await read(endpoint, 300);
    expect(events[0]).toMatchObject({ type: 'hello', anonymized: true });
    const records = events.filter((event) => event.type === 'record');
    expect(new Set(records.map(({ table }) => table))).toEqual(new Set(['memory', 'process']));
    for (const { table, row } of records) {
      expect(Math.abs(Number(row['timestamp']) - Date.now())).toBeLessThan(60_000);
      if (table === 'memory') expect(row['total_mb']).toBeGreaterThan(0);
      else expect([row['name'], typeof row['name_hash']]).toEqual([null, 'bigint']);
    }
  }
  const listed = (await daemon.client.request('stream.list', {})).result as StreamInfo[];
  expect(listed.map(({ transport }) => transport).sort()).toEqual(['pipe', 'websocket']);
  await daemon.client.request('stream.stop', { endpoint: started.endpoint });
  await expect(daemon.client.request('stream.stop', { endpoint: started.endpoint })).rejects.toMatchObject({
    code: 'ERR_APP_NO_STREAM',
  });
  await expect(daemon.client.request('stream.start', { endpoint: 'ws://0.0.0.0:0' })).rejects.toMatchObject({
    code: 'ERR_WIRE_ENDPOINT',
  });
});

it('openDataStream() continues across a restart of the daemon, from its history', async () => {
  await using home = await createTestHome();
  const endpoint = `ipc://${home.root}/s.sock`;
  const args = ['--hz', '20', '--process-interval', '3600', '--stream', endpoint];
  const timestamps: number[] = [];
  await using stream = openDataStream(endpoint, { connectTimeoutMs: 60_000 });
  const reading = (async () => {
    for await (const row of stream.subscribeMemory({ overflow: 'block' })) timestamps.push(row.timestamp);
  })();
  const first = await startDaemon(home, args);
  while (timestamps.length < 20) await sleep(20);
  await first.stop();
  const soFar = timestamps.length;
  await using second = await startDaemon(home, args);
  while (timestamps.length < soFar + 20) await sleep(20);
  await stream.close();
  await reading;
  await second.client.request('history.flush', {});
  const { batches } = await second.client.openBatches('memory', { from_ms: timestamps[0]!, follow: false });
  const stored: number[] = [];
  for await (const batch of batches) {
    for (let i = 0; i < batch.numRows; i++) stored.push(Number(batch.getChild('timestamp')!.get(i)));
  }
  expect(timestamps).toEqual(stored.slice(0, timestamps.length));
});

it.each([true, false])(
  'runStreamCommand() streams until it is told to stop (daemon: %s)',
  async (hasDaemon) => {
    await using home = await createTestHome();
    await using cleanup = new AsyncDisposableStack();
    if (hasDaemon) cleanup.use(await startDaemon(home, ['--hz', '20']));
    const stop = new AbortController();
    const started = Promise.withResolvers<StreamInfo & { daemon: boolean }>();
    const running = runStreamCommand({
      home,
      port: 0,
      format: 'jsonlines',
      hz: 20,
      signal: stop.signal,
      onStart: started.resolve,
    });
    const info = await Promise.race([started.promise, running as Promise<never>]);
    expect(info.daemon).toBe(hasDaemon);
    const events = await read(info.endpoint, 10);
    expect(events[0]).toMatchObject({ type: 'hello', anonymized: true });
    stop.abort();
    expect(await running).toMatchObject({ endpoint: info.endpoint, subscribed: 1 });
    await expect(read(info.endpoint, 1)).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
  },
);
