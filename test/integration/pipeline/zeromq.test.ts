// ZeroMQ sockets as source and sink.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openZeromqSink, openZeromqSource } from '../../../src/pipeline/index.ts';
import { batchOf, readSource, valuesOf } from '../../support/pipeline/batches.ts';
import { until } from '../../support/until.ts';

let folder: string;
let endpoint: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-zmq-'));
  endpoint = `ipc://${join(folder, 'batches')}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batch = (...values: number[]) => batchOf({ i: arrow.vectorFromArray(values, new arrow.Int32()) });

describe('openZeromqSink() and openZeromqSource()', () => {
  it.each([
    ['push', 'pull'],
    ['pub', 'sub'],
  ] as const)('carry every batch over %s and %s and end together', async (to, from) => {
    const sink = await openZeromqSink({ endpoint, socket: to });
    const opening = openZeromqSource({ endpoint, socket: from });
    const sending = (async () => {
      for (let i = 0; i < 50; i++) await sink.consume(batch(i, i));
      await sink.flush();
      await sink.finish!();
    })();
    const table = await readSource(await opening);
    await sending;
    expect(valuesOf(table, 'i')).toEqual(Array.from({ length: 100 }, (_, i) => i >> 1));
  });

  it('waits for as many subscribers as told and gives each its topic', async () => {
    const sink = await openZeromqSink({ endpoint, topic: 'memory', subscribers: 2 });
    const sending = sink.consume(batch(1)).then(() => sink.finish!());
    const openings = ['mem', ''].map((topic) => openZeromqSource({ endpoint, topic }));
    for (const opening of openings) expect(valuesOf(await readSource(await opening), 'i')).toEqual([1]);
    await sending;
  });

  it('waits while nobody takes what it sends', async () => {
    const sink = await openZeromqSink({ endpoint, socket: 'push' });
    const large = batch(...Array.from({ length: 100_000 }, (_, i) => i));
    let sent = 0;
    const sending = (async () => {
      for (let i = 0; i < 100; i++, sent++) await sink.consume(large);
      await sink.finish!();
    })();
    const source = await openZeromqSource({ endpoint, socket: 'pull', waiting: 8 });
    let before = -1;
    await until(async () => {
      const stood = sent === before;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return stood;
    }, 'the sender stood still');
    // Eight on each side, 8 MiB here, and what fits into the socket.
    expect(sent).toBeLessThan(60);
    expect(source.memoryUsage()).toBeLessThan(12 * 2 ** 20);
    let rows = 0;
    const { signal } = new AbortController();
    for (let next = await source.nextBatch(1e6, signal); next; next = await source.nextBatch(1e6, signal)) {
      rows += next.numRows;
    }
    await source.close!();
    await sending;
    expect(rows).toBe(10_000_000);
  });

  it('tells the other side that it gave up', async () => {
    const sink = await openZeromqSink({ endpoint, socket: 'push' });
    const opening = openZeromqSource({ endpoint, socket: 'pull' });
    await sink.consume(batch(1));
    await sink.abort!();
    const reading = readSource(await opening);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_PIPELINE_CONNECTION' });
    await expect(reading).rejects.toThrow('gave up');
  });

  it('ends a send that waits when it is aborted', async () => {
    const sink = await openZeromqSink({ endpoint });
    const sending = sink.consume(batch(1));
    sending.catch(() => {});
    await sink.abort!();
    await expect(sending).rejects.toMatchObject({ code: 'ERR_PIPELINE_CONNECTION' });
  });

  it('listens on this machine only', async () => {
    await expect(openZeromqSink({ endpoint: 'tcp://0.0.0.0:0' })).rejects.toMatchObject({
      code: 'ERR_WIRE_ENDPOINT',
    });
  });

  it('leaves after a while when a reader does not go', async () => {
    const sink = await openZeromqSink({ endpoint, lingerMs: 50 });
    const opening = openZeromqSource({ endpoint });
    await sink.consume(batch(1));
    const source = await opening;
    await sink.finish!();
    await source.close!();
  });

  it('refuses batches of other columns than the first', async () => {
    const sink = await openZeromqSink({ endpoint, socket: 'push' });
    const opening = openZeromqSource({ endpoint, socket: 'pull' });
    await sink.consume(batch(1));
    await sink.consume(batchOf({ s: arrow.vectorFromArray(['x']) }));
    const finishing = sink.finish!();
    await expect(readSource(await opening)).rejects.toMatchObject({ code: 'ERR_PIPELINE_SCHEMA' });
    await finishing;
  });
});
