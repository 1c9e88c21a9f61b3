import type * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { followTable } from '../../../../src/app/requests/follow-table.ts';
import type { FollowOptions, FollowSource } from '../../../../src/app/requests/follow-table.ts';
import { buildRecordBatch, optional, required, rowsOf } from '../../../../src/core/index.ts';
import type { AnyRow, HistoryReader } from '../../../../src/core/index.ts';
import { createStreamHub } from '../../../../src/stream/index.ts';

const kind = {
  name: 'memory',
  version: 1,
  fields: [required('timestamp', 'timestamp', 'ms', 'test'), optional('value', 'int64', '1', 'test')],
};

/** A history in memory that a test appends to, as the host does: store first, then publish. */
function createHost(nowMs: () => number = Date.now): {
  rows: AnyRow[];
  follow: (options: FollowOptions, signal: AbortSignal) => AsyncGenerator<arrow.RecordBatch>;
  append: (timestamp: number) => void;
} {
  const rows: AnyRow[] = [];
  let lastMs: number | undefined;
  const history: HistoryReader = {
    async *query(_, { fromMs = -Infinity, toMs = Infinity } = {}) {
      const found = rows.filter(
        (row) => Number(row['timestamp']) >= fromMs && Number(row['timestamp']) < toMs,
      );
      found.sort((a, b) => Number(a['timestamp']) - Number(b['timestamp']));
      if (found.length > 0) yield buildRecordBatch(kind, found);
    },
  };
  const hub = createStreamHub({
    kinds: { memory: kind, process: kind, optimization: kind },
    anonymized: false,
    history: {
      async *read(table, range) {
        for await (const batch of history.query(table, range)) yield rowsOf(kind, batch);
      },
    },
  });
  const source: FollowSource = {
    history,
    nowMs,
    appended: {
      subscribe: (table, signal) => hub.open({ tables: [table], overflow: 'block' }, signal),
      lastMs: () => lastMs,
    },
  };
  const view = {
    kind,
    apply: (batch: arrow.RecordBatch) => batch,
    fromRows: (appended: readonly AnyRow[]) => buildRecordBatch(kind, appended),
  };
  return {
    rows,
    follow: (options, signal) => followTable(source, 'memory', options, view, signal),
    append: (timestamp) => {
      const row = { timestamp, value: timestamp };
      rows.push(row);
      lastMs = timestamp;
      hub.publish('memory', [row]);
    },
  };
}

const timesOf = (batch: arrow.RecordBatch): number[] =>
  Array.from({ length: batch.numRows }, (_, i) => Number(batch.getChildAt(0)?.get(i)));

async function take(stream: AsyncIterator<arrow.RecordBatch>, count: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    times.push(...timesOf(value));
  }
  return times;
}

describe('followTable()', () => {
  it('gives the history, then what is appended, each row once', async () => {
    const host = createHost();
    [1, 2, 3].forEach(host.append);
    const stream = host.follow({ fromMs: 2 }, new AbortController().signal);
    expect(await take(stream, 2)).toEqual([2, 3]);
    const next = take(stream, 2);
    host.append(4);
    host.append(5);
    expect(await next).toEqual([4, 5]);
    await stream.return(undefined);
  });

  it('ends after the history when follow is false', async () => {
    const host = createHost();
    [1, 2].forEach(host.append);
    const stream = host.follow({ fromMs: 0, follow: false }, new AbortController().signal);
    expect(await take(stream, 10)).toEqual([1, 2]);
  });

  it('catches a follower up from the history when it falls far behind', async () => {
    const host = createHost();
    const stream = host.follow({ fromMs: 0 }, new AbortController().signal);
    const first = take(stream, 1);
    await Promise.resolve();
    host.append(0);
    expect(await first).toEqual([0]);
    for (let i = 1; i <= 100_000; i++) host.append(i);
    const caughtUp = await take(stream, 100_000);
    expect(caughtUp).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
    await stream.return(undefined);
  });

  it('loses nothing that is published while the history is still being read', async () => {
    const host = createHost();
    for (let i = 0; i < 10; i++) host.append(i);
    const stream = host.follow({ fromMs: 0 }, new AbortController().signal);
    expect(await take(stream, 10)).toHaveLength(10); // the query has not ended yet
    for (let i = 10; i < 90_000; i++) host.append(i);
    expect(await take(stream, 89_990)).toEqual(Array.from({ length: 89_990 }, (_, i) => i + 10));
    await stream.return(undefined);
  });

  it('delivers rows whose time stands still or steps back', async () => {
    const host = createHost();
    const stream = host.follow({ fromMs: 100 }, new AbortController().signal);
    const first = take(stream, 1);
    await Promise.resolve();
    host.append(110);
    expect(await first).toEqual([110]);
    [110, 105].forEach(host.append);
    expect(await take(stream, 2)).toEqual([110, 105]);
    await stream.return(undefined);
  });

  it('gives no rows of a clock that was ahead, from an instant or from now on', async () => {
    const host = createHost(() => 1000);
    host.rows.push({ timestamp: 900, value: 1 }, { timestamp: 9e12, value: 2 });
    for (const [fromMs, past] of [
      [800, [900]],
      [undefined, []],
    ] as const) {
      const stream = host.follow({ fromMs }, new AbortController().signal);
      const next = take(stream, past.length + 1);
      await new Promise((resolve) => setImmediate(resolve));
      host.append(1001);
      expect(await next).toEqual([...past, 1001]);
      await stream.return(undefined);
      host.rows.pop();
    }
  });

  it('catches a follower up that fell far behind while the clock was set back', async () => {
    let nowMs = 1_000_000;
    const host = createHost(() => nowMs);
    const stream = host.follow({}, new AbortController().signal);
    const first = take(stream, 1);
    await new Promise((resolve) => setImmediate(resolve));
    host.append(nowMs);
    expect(await first).toEqual([1_000_000]);
    nowMs = 0;
    for (let i = 0; i < 70_000; i++) host.append((nowMs = i));
    expect(await take(stream, 70_000)).toEqual(Array.from({ length: 70_000 }, (_, i) => i));
    host.append(70_000);
    expect(await take(stream, 1)).toEqual([70_000]);
    await stream.return(undefined);
  });

  it('gives each row once to a follower that fell behind while the clock stepped back into times it had given', async () => {
    const host = createHost(() => 0);
    const stream = host.follow({}, new AbortController().signal);
    const first = take(stream, 10);
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 10; i++) host.append(1000 + 2 * i);
    expect(await first).toHaveLength(10);
    const later = Array.from({ length: 20_000 }, (_, i) => 1001 + 2 * i);
    later.forEach(host.append);
    expect(await take(stream, later.length)).toEqual(later);
    await stream.return(undefined);
  });

  it('throws ERR_WIRE_STREAM_HISTORY when the history does not hold what the follower left', async () => {
    const host = createHost();
    const stream = host.follow({}, new AbortController().signal);
    const first = take(stream, 1);
    await new Promise((resolve) => setImmediate(resolve));
    host.append(1);
    expect(await first).toEqual([1]);
    for (let i = 2; i <= 20_000; i++) host.append(i);
    host.rows.splice(0, 100);
    await expect(take(stream, 20_000)).rejects.toMatchObject({
      code: 'ERR_WIRE_STREAM_HISTORY',
      details: { table: 'memory', count: 99 },
    });
  });

  it('ends at toMs', async () => {
    const host = createHost();
    [1, 2, 3].forEach(host.append);
    const stream = host.follow({ fromMs: 1, toMs: 3 }, new AbortController().signal);
    expect(await take(stream, 10)).toEqual([1, 2]);
  });

  it('ends when the signal aborts while it waits', async () => {
    const host = createHost();
    const abort = new AbortController();
    const stream = host.follow({ fromMs: 0 }, abort.signal);
    const waiting = stream.next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});
