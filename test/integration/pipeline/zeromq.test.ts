// ZeroMQ sockets as source and sink.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as arrow from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openZeromqSink, openZeromqSource } from '../../../src/pipeline/index.ts';
import type { Source } from '../../../src/pipeline/index.ts';
import { findFreePort } from '../../support/free-port.ts';
import { LineProcess } from '../../support/line-process.ts';
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

const SENDER = join(import.meta.dirname, '../../support/pipeline/zeromq-sender.ts');

/** Everything up to the end, or to an error. */
async function readNumbers(source: Source): Promise<{ values: number[]; error: unknown }> {
  const values: number[] = [];
  const { signal } = new AbortController();
  try {
    for (let next = await source.nextBatch(1e6, signal); next; next = await source.nextBatch(1e6, signal))
      for (const value of next.getChild('i')!.toArray() as Int32Array) values.push(value);
    return { values, error: null };
  } catch (error) {
    return { values, error };
  } finally {
    await source.close!();
  }
}

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
    const source = await openZeromqSource({ endpoint, socket: 'pull' });
    let before = -1;
    await until(async () => {
      const stood = sent === before;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return stood;
    }, 'the sender stood still');
    // Eight there, 8 MiB here, and what fits into the sockets.
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

  it.each(['ipc', 'tcp'] as const)(
    'gives all that came from a sender over %s before it was killed, heartbeats among it, and says that it is gone',
    async (transport) => {
      const where = transport === 'ipc' ? endpoint : `tcp://127.0.0.1:${await findFreePort()}`;
      await using sender = new LineProcess(process.execPath, [SENDER, where, '30', '3000']);
      const source = await openZeromqSource({ endpoint: where, socket: 'pull' });
      await sender.next();
      await sender.kill();
      await delay(200);
      const { values, error } = await readNumbers(source);
      expect(values.findIndex((value, i) => value !== i)).toBe(-1);
      // Without what had not left the sender.
      expect(values.length).toBeGreaterThan(500_000);
      expect(error).toMatchObject({ code: 'ERR_PIPELINE_CONNECTION' });
      expect(String(error)).toContain('has been gone for 5 s');
    },
    30_000,
  );

  it('loses nothing of a sender that closes and ends before it is read', async () => {
    await using sender = new LineProcess(process.execPath, [SENDER, endpoint, '17', '1200', 'close']);
    const source = await openZeromqSource({ endpoint, socket: 'pull' });
    const sent = await sender.next();
    await Promise.race([sender.exited, delay(1000)]);
    const { values } = await readNumbers(source);
    expect(values.length).toBe(sent);
    expect(values.findIndex((value, i) => value !== i)).toBe(-1);
  }, 30_000);

  it('waits for a sender that comes later, and for one that comes back', async () => {
    const opening = openZeromqSource({ endpoint });
    await delay(300);
    const first = await openZeromqSink({ endpoint });
    await first.consume(batch(1));
    const reading = readSource(await opening);
    await first.abort!().catch(() => {});
    await expect(reading).rejects.toThrow('gave up');
    const again = openZeromqSource({ endpoint });
    const second = await openZeromqSink({ endpoint });
    await second.consume(batch(2));
    const source = await again;
    const finishing = second.finish!();
    expect((await readNumbers(source)).values).toEqual([2]);
    await finishing;
  });

  it('takes the place of a listener that is gone, and of none that listens', async () => {
    const path = endpoint.slice('ipc://'.length);
    const died = fork(join(import.meta.dirname, '../../support/pipeline/dying-listener.ts'), [path]);
    await once(died, 'exit');
    const opening = openZeromqSource({ endpoint, socket: 'pull', bind: true });
    await until(() =>
      stat(path).then(
        ({ mode }) => mode % 0o1000 === 0o600,
        () => false,
      ),
    );
    for (const open of [openZeromqSource, openZeromqSink])
      await expect(open({ endpoint, bind: true })).rejects.toMatchObject({
        code: 'ERR_WIRE_ENDPOINT',
        message: expect.stringContaining('something listens there') as string,
      });
    const sink = await openZeromqSink({ endpoint, socket: 'push', bind: false });
    await sink.consume(batch(7));
    const finishing = sink.finish!();
    expect(valuesOf(await readSource(await opening), 'i')).toEqual([7]);
    await finishing;
    await until(async () => !existsSync(path));
  });

  it.each([
    ['source', openZeromqSource],
    ['sink', openZeromqSink],
  ] as const)('leaves alone what is no socket, as a %s', async (_, open) => {
    const path = endpoint.slice('ipc://'.length);
    writeFileSync(path, 'precious');
    await expect(open({ endpoint, bind: true })).rejects.toMatchObject({
      code: 'ERR_WIRE_ENDPOINT',
      message: expect.stringContaining('something else has that name') as string,
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it.each(['tcp://0.0.0.0:0', 'tcp://127.0.0.1:99999', 'udp://x'])(
    'refuses to listen at %s',
    async (where) => {
      await expect(openZeromqSource({ endpoint: where, bind: true })).rejects.toMatchObject({
        code: 'ERR_WIRE_ENDPOINT',
      });
    },
  );

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
