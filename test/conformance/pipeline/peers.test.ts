// Python decides: pyarrow sends to and reads from the ZeroMQ parts, sqlite3 reads the tables.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteTableSink, openZeromqSink, openZeromqSource } from '../../../src/pipeline/index.ts';
import type { Batch } from '../../../src/pipeline/index.ts';
import { readSource } from '../../support/pipeline/batches.ts';
import { python } from '../../support/python.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-peer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function peer(command: string, where: string, more: string): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, '../../support/pipeline/peer.py');
  const { stdout } = await promisify(execFile)(python, [script, command, where, more]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const first = {
  i8: '1',
  u32: '0',
  i64: '4611686018427387904',
  f32: '0.5',
  flag: 'True',
  text: 'Grüße',
  raw: String.raw`b'\x00\xff'`,
  at: '1970-01-01 00:00:00.000001+00:00',
  day: '1970-01-01',
  list: '[1, None]',
};

describe('pipeline sources and sinks beside Python', () => {
  it('carry every type from pyarrow over ZeroMQ and back', async () => {
    const endpoint = `ipc://${join(folder, 'in')}`;
    const opening = openZeromqSource({ endpoint, socket: 'pull', bind: true });
    const pushing = peer('push', endpoint, '100');
    const table = await readSource(await opening, 2);
    expect(await pushing).toEqual({ rows: 300 });
    expect(table.numRows).toBe(300);

    const back = `ipc://${join(folder, 'out')}`;
    const sink = await openZeromqSink({ endpoint: back, topic: 'types' });
    const reading = peer('subscribe', back, 'ty');
    for (const batch of table.batches) await sink.consume(batch);
    await sink.finish!();
    const read = await reading;
    expect(read).toMatchObject({
      rows: 300,
      schema: [
        'int8',
        'uint32',
        'int64',
        'float',
        'bool',
        'string',
        'binary',
        'timestamp[us, tz=UTC]',
        'date32[day]',
        'list<item: int32>',
      ],
    });
    expect(read['first']).toEqual(first);
  });

  it('write a table that sqlite3 reads as it was meant', async () => {
    const endpoint = `ipc://${join(folder, 'in')}`;
    const opening = openZeromqSource({ endpoint, socket: 'pull', bind: true });
    const pushing = peer('push', endpoint, '1');
    const { batches } = await readSource(await opening);
    await pushing;
    const path = join(folder, 'a.db');
    const sink = openSqliteTableSink({ path, table: 'kept' });
    // All but the list, which a table has no type for.
    for (const batch of batches)
      await sink.consume(batch.selectAt(batch.schema.fields.map((_, i) => i).slice(0, 9)) as Batch);
    await sink.finish!();
    expect(await peer('sqlite', path, '')).toEqual({
      check: 'ok',
      rows:
        "[(1, 0, 4611686018427387904, 0.5, 1, 'Grüße', b'\\x00\\xff', 0, 0), (None, None, None, None, None, None, None, None, None), " +
        "(-128, 4294967295, -9223372036854775808, inf, 0, '', b'', 0, -86400000)]",
    });
  });
});
