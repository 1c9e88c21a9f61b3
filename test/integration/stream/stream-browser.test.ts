// A page in a real browser reads the stream over WebSocket, in jsonlines.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launch } from 'puppeteer-core';
import { expect, it } from 'vitest';
import { serveStream } from '../../../src/stream/index.ts';
import { findBrowser } from '../../support/stream/find-browser.ts';
import { createTestHub, memoryRow } from '../../support/stream/stream-hub.ts';

/** Reads until it has the wanted number of records or the socket closes. */
const page = (endpoint: string, wanted: number): string => `<!doctype html><title>stream</title><script>
  window.result = new Promise((resolve) => {
    const sequences = [];
    const socket = new WebSocket('${endpoint}/?tables=memory&filter=used_percent<50');
    socket.onmessage = ({ data }) => {
      for (const line of data.split('\\n').filter(Boolean)) {
        const event = JSON.parse(line);
        if (event.event === 'hello') fetch('/ready');
        else sequences.push(event.sequence + ':' + event.total_mb);
      }
      if (sequences.length >= ${wanted}) resolve(sequences);
    };
    socket.onclose = () => resolve(['closed', ...sequences]);
  });
</script>`;

it('serveStream() is read by a page of this machine and not by one of another site', async () => {
  const { hub, publish } = createTestHub();
  await using handle = await serveStream({ hub, endpoint: 'ws://127.0.0.1:0' });
  const site = createServer((request, response) => {
    if (request.url === '/ready') {
      publish(
        'memory',
        Array.from({ length: 200 }, (_, i) => memoryRow(i + 1)),
      );
    }
    response.setHeader('content-type', 'text/html').end(page(handle.endpoint, 100));
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const { port } = site.address() as AddressInfo;
  const browser = await launch({
    executablePath: findBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
  });
  try {
    const read = async (host: string): Promise<string[]> => {
      const tab = await browser.newPage();
      await tab.goto(`http://${host}:${port}/`);
      return tab.evaluate('window.result') as Promise<string[]>;
    };
    expect(await read('127.0.0.1')).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1)
        .filter((number) => number % 100 < 50)
        .map((number) => `${number}:${number}`),
    );
    expect(await read('evil.example')).toEqual(['closed']);
  } finally {
    await browser.close();
    site.closeAllConnections();
    site.close();
  }
});
