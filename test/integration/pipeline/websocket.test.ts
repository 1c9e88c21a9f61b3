// A WebSocket server as a source.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as arrow from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { openWebSocketSource } from '../../../src/pipeline/index.ts';
import { readSource, valuesOf } from '../../support/pipeline/batches.ts';
import { until } from '../../support/until.ts';

let server: WebSocketServer;
let url: string;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

const serve = (say: (ws: WebSocket) => void): void => void server.on('connection', say);
const { signal } = new AbortController();

describe('openWebSocketSource()', () => {
  it('reads JSON Lines with the types that are told, until the server closes', async () => {
    serve((ws) => {
      ws.send('{"t":"2026-01-01T00:00:00Z","v":1,"x":{"a":1}}\n{"t":1700000000000,"other":2}\n');
      ws.send('{"v":2.5,"n":7}');
      ws.close(1000);
    });
    const columns = ['t:timestamp', 'v:float64', 'x:text', 'n:int64'];
    const table = await readSource(await openWebSocketSource({ url, columns }));
    expect(valuesOf(table, 't')).toEqual([Date.parse('2026-01-01T00:00:00Z'), 1700000000000, null]);
    expect(valuesOf(table, 'v')).toEqual([1, null, 2.5]);
    expect(valuesOf(table, 'x')).toEqual(['{"a":1}', null, null]);
    expect(valuesOf(table, 'n')).toEqual([null, null, 7n]);
  });

  it('finds the columns in the first message when none are told, after what it was asked to say', async () => {
    const asked = Promise.withResolvers<string>();
    serve((ws) => {
      ws.on('message', (data: Buffer) => {
        asked.resolve(data.toString());
        ws.send('{"a":1,"b":"x"}\n{"a":2,"c":true}');
        ws.close(1001);
      });
    });
    const table = await readSource(await openWebSocketSource({ url, send: 'go' }));
    expect(await asked.promise).toBe('go');
    expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
      'a Float64',
      'b Utf8',
      'c Bool',
    ]);
  });

  it('reads Arrow messages and cuts them to what is asked for', async () => {
    const table = new arrow.Table({ i: arrow.vectorFromArray([1, 2, 3, 4, 5], new arrow.Int32()) });
    serve((ws) => {
      ws.send(arrow.tableToIPC(table, 'stream'));
      ws.send(arrow.tableToIPC(table.slice(3), 'stream'));
      ws.close();
    });
    const read = await readSource(await openWebSocketSource({ url, format: 'arrow' }), 2);
    expect(read.batches.map(({ numRows }) => numRows)).toEqual([2, 2, 1, 2]);
    expect(valuesOf(read, 'i')).toEqual([1, 2, 3, 4, 5, 4, 5]);
  });

  it('gives what is there instead of waiting for a full batch, and ends after so many rows or so long', async () => {
    serve((ws) => ws.send('{"a":1}\n{"a":2}\n{"a":3}'));
    const source = await openWebSocketSource({ url, rows: 2 });
    expect((await source.nextBatch(1000, signal))!.numRows).toBe(2);
    expect(await source.nextBatch(1000, signal)).toBeNull();
    await source.close!();
    const timed = await openWebSocketSource({ url, forMs: 300 });
    expect((await timed.nextBatch(1000, signal))!.numRows).toBe(3);
    expect(await timed.nextBatch(1000, signal)).toBeNull();
    await timed.close!();
  });

  it('holds a bounded number of bytes: a reader that does not ask stops the sender', async () => {
    const line = `${JSON.stringify({ a: 'x'.repeat(2 ** 20 - 8) })}\n`;
    const LINES = 64;
    let peer: WebSocket | undefined;
    serve((ws) => {
      peer = ws;
      for (let i = 0; i < LINES; i++) ws.send(line);
      ws.close(1000);
    });
    const source = await openWebSocketSource({ url });
    let waiting = -1;
    await until(() => {
      const before = waiting;
      waiting = peer!.bufferedAmount;
      return waiting === before && source.memoryUsage() > 8 * 2 ** 20;
    }, 'the sender stood still');
    expect(source.memoryUsage()).toBeLessThan(12 * 2 ** 20);
    expect(waiting).toBeGreaterThan(30 * 2 ** 20);
    expect((await readSource(source)).numRows).toBe(LINES);
  });

  it('gives the rows before a line that is none, then says which line it is', async () => {
    serve((ws) => {
      ws.send('{"a":1}');
      ws.send('[1]');
    });
    const source = await openWebSocketSource({ url });
    expect((await source.nextBatch(10, signal))!.numRows).toBe(1);
    const reading = source.nextBatch(10, signal);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_PIPELINE_MESSAGE' });
    await expect(reading).rejects.toThrow('"[1]" is no object');
    await source.close!();
  });

  it('tells a connection that was lost from one that ended', async () => {
    serve((ws) => {
      ws.send('{"a":1}');
      ws.close(1011, 'out of coffee');
    });
    const reading = readSource(await openWebSocketSource({ url }));
    await expect(reading).rejects.toMatchObject({ code: 'ERR_PIPELINE_CONNECTION' });
    await expect(reading).rejects.toThrow('out of coffee');
    await expect(openWebSocketSource({ url: 'ws://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ERR_PIPELINE_CONNECTION',
    });
  });

  it('rejects at once when it is aborted, while it connects and while it reads', async () => {
    serve((ws) => ws.send('{"a":1}'));
    const controller = new AbortController();
    const source = await openWebSocketSource({ url });
    await source.nextBatch(10, controller.signal);
    const reading = source.nextBatch(10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await source.close!();
    await expect(openWebSocketSource({ url }, controller.signal)).rejects.toThrow('enough');
  });
});
