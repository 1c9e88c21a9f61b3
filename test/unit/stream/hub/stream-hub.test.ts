import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StreamEvent, StreamPosition, StreamRequest } from '../../../../src/stream/index.ts';
import { createStreamProgress } from '../../../../src/stream/client/stream-progress.ts';
import {
  collect,
  createMemoryHistory,
  createTestHub,
  describe as text,
  memoryRow,
  processRow,
  take,
} from '../../../support/stream/stream-hub.ts';

const forever = new AbortController().signal;
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => memoryRow(from + i));
const iterate = (hub: ReturnType<typeof createTestHub>['hub'], request: StreamRequest = {}) =>
  hub.subscribe(request, forever)[Symbol.asyncIterator]();

it('subscribe() says hello, then yields what is published from that moment on', async () => {
  const { hub, publish } = createTestHub({ epoch: 'e' });
  publish('memory', rows(1, 3));
  const events = iterate(hub);
  publish('memory', rows(4, 5));
  const [hello, ...records] = await take(events, 3);
  expect(hello).toEqual({
    type: 'hello',
    epoch: 'e',
    tables: ['memory', 'process', 'optimization'],
    anonymized: false,
    sequences: { memory: 3, process: 0, optimization: 0 },
    timestamps: { memory: 3 },
  });
  expect(records.map(text)).toEqual(['m4', 'm5']);
});

it('subscribe() keeps the order and the number of every record when a filter leaves most out', async () => {
  const { hub, publish } = createTestHub();
  const events = iterate(hub, { filters: [{ column: 'used_percent', op: '>=', value: 98 }] });
  publish('memory', rows(1, 300));
  expect((await take(events, 7)).map(text)).toEqual(['hello', 'm98', 'm99', 'm198', 'm199', 'm298', 'm299']);
});

it('subscribe() thins samples by the interval, whole samples at a time, and forgives jitter', async () => {
  const { hub, publish } = createTestHub();
  const events = iterate(hub, { tables: ['process'], intervalMs: 1000 });
  for (const [sample, timestamp] of [0, 400, 990, 1400, 1985, 2999].entries()) {
    publish('process', [processRow(sample, timestamp), processRow(sample, timestamp)]);
  }
  expect((await take(events, 9)).map(text)).toEqual([
    'hello',
    'p1',
    'p2',
    'p5',
    'p6',
    'p9',
    'p10',
    'p11',
    'p12',
  ]);
});

it('subscribe() names the columns there are when a filter asks for another', () => {
  const { hub } = createTestHub();
  expect(() =>
    hub.subscribe({ tables: ['process'], filters: [{ column: 'used', op: '>', value: 1 }] }),
  ).toThrow(
    expect.objectContaining({
      code: 'ERR_WIRE_STREAM_REQUEST',
      message: expect.stringMatching(/"used": process has timestamp, pid, name/),
    }),
  );
});

it('subscribe() with drop-oldest tells exactly what it dropped before the next record', async () => {
  const { hub, publish } = createTestHub({ memoryRows: 10 });
  const events = iterate(hub, { filters: [{ column: 'used_percent', op: '!=', value: 5 }] });
  await take(events, 1);
  publish('memory', rows(1, 25));
  expect((await take(events, 3)).map(text)).toEqual(['m1-15 overflow 14', 'm16', 'm17']);
  publish('memory', rows(26, 40));
  expect((await take(events, 2)).map(text)).toEqual(['m18', 'm19']);
});

it('subscribe() with block reads from the history what left the memory', async () => {
  const { hub, publish } = createTestHub({ memoryRows: 10 });
  const events = iterate(hub, { overflow: 'block', tables: ['memory'] });
  publish('memory', rows(1, 5000));
  const got = await take(events, 5001);
  expect(got.slice(1).map(text)).toEqual(rows(1, 5000).map((_, i) => `m${i + 1}`));
  expect(got.slice(1).map((event) => event.type === 'record' && event.row['total_mb'])).toEqual(
    rows(1, 5000).map((row) => row['total_mb']),
  );
});

it('subscribe() with block tells what the history has lost', async () => {
  const { hub, publish, history } = createTestHub({ memoryRows: 10 });
  const events = iterate(hub, { overflow: 'block' });
  publish('memory', rows(1, 600));
  history.forget('memory', 101);
  expect((await take(events, 3)).map(text)).toEqual(['hello', 'm1-100 expired 100', 'm101']);
});

it('subscribe() continues after a position of this epoch, from memory or from the history', async () => {
  const { hub, publish } = createTestHub({ epoch: 'e', memoryRows: 10 });
  publish('memory', rows(1, 500));
  for (const seen of [0, 3, 495, 500]) {
    const after = { epoch: 'e', sequences: { memory: seen }, timestamps: {} };
    const subscription = hub.open({ after, tables: ['memory'] }, forever);
    subscription.end();
    const records = (await collect(subscription.batches())).slice(1).map(text);
    expect(records).toEqual(rows(seen + 1, 500).map((row) => `m${String(row['total_mb'])}`));
  }
});

it('subscribe() continues after a position of another epoch by time, records of one time counted', async () => {
  const history = createMemoryHistory();
  const old = createTestHub({ epoch: 'old' }, history);
  old.publish(
    'process',
    [1, 2, 3].map((pid) => processRow(pid, 100)),
  );
  old.publish(
    'process',
    [4, 5].map((pid) => processRow(pid, 200)),
  );
  const { hub, publish } = createTestHub({ epoch: 'new' }, history);
  publish('process', [processRow(6, 300)]);
  const after = {
    epoch: 'old',
    sequences: { process: 2 },
    timestamps: { process: 100 },
    repeats: { process: 2 },
  };
  const events = await take(iterate(hub, { after, tables: ['process'] }), 5);
  expect(events.map(text)).toEqual(['hello', 'p0', 'p0', 'p0', 'p1']);
  expect(events.flatMap((event) => (event.type === 'record' ? [event.row['pid']] : []))).toEqual([
    3, 4, 5, 6,
  ]);
});

it('subscribe() tells that records of an earlier epoch are gone when the history lost its place', async () => {
  const history = createMemoryHistory();
  createTestHub({ epoch: 'old' }, history).publish('memory', rows(1, 10));
  history.forget('memory', 8);
  const { hub } = createTestHub({ epoch: 'new' }, history);
  const after = { epoch: 'old', sequences: { memory: 2 }, timestamps: { memory: 2 } };
  expect((await take(iterate(hub, { after }), 5)).map(text)).toEqual([
    'hello',
    'm0-0 expired 0',
    'm0',
    'm0',
    'm0',
  ]);
});

it('subscribe() gives no record twice when the clock stepped back', async () => {
  const { hub, publish } = createTestHub({ epoch: 'e', memoryRows: 4 });
  for (const [i, time] of [100, 200, 300, 150, 160, 310, 400, 500, 600].entries())
    publish('memory', [memoryRow(i + 1, time)]);
  const after = { epoch: 'e', sequences: { memory: 0 }, timestamps: {} };
  const subscription = hub.open({ after, tables: ['memory'], overflow: 'block' }, forever);
  subscription.end();
  const events = (await collect(subscription.batches())).slice(1);
  const numbers = events.flatMap((event) => (event.type === 'record' ? [Number(event.row['total_mb'])] : []));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(countCovered(events)).toBe(9);
});

it('subscribe() reports a history that cannot be read and goes on with a gap', async () => {
  const problems: string[] = [];
  const { hub, publish } = createTestHub({
    memoryRows: 4,
    history: {
      // eslint-disable-next-line require-yield
      async *read() {
        throw new Error('disk on fire');
      },
    },
    onProblem: (problem) => problems.push(problem.code),
  });
  const events = iterate(hub, { overflow: 'block' });
  publish('memory', rows(1, 400));
  expect((await take(events, 3)).map(text)).toEqual(['hello', 'm1-140 expired 140', 'm141']);
  expect(problems).toEqual(['ERR_WIRE_STREAM_HISTORY']);
});

it('subscribe() tells a gap behind the records of an earlier epoch when the history fails among them', async () => {
  const problems: string[] = [];
  const { hub, publish } = createTestHub({
    epoch: 'new',
    history: {
      async *read() {
        yield [memoryRow(1, 100), memoryRow(2, 101)];
        throw new Error('disk on fire');
      },
    },
    onProblem: (problem) => problems.push(problem.code),
  });
  publish('memory', [memoryRow(9, 300)]);
  const after = {
    epoch: 'old',
    sequences: { memory: 1 },
    timestamps: { memory: 100 },
    repeats: { memory: 1 },
  };
  const events = await take(iterate(hub, { after, tables: ['memory'] }), 4);
  expect(events.map(text)).toEqual(['hello', 'm0', 'm0-0 expired 0', 'm1']);
  expect(problems).toEqual(['ERR_WIRE_STREAM_HISTORY']);
});

it('publish() ends a subscription that fails with the error, not as if that were the end, and no other', async () => {
  const problems: string[] = [];
  const { hub, publish } = createTestHub({ maxWaiting: 2, onProblem: ({ code }) => problems.push(code) });
  const failing = iterate(hub, { filters: [{ column: 'used_percent', op: '>=', value: 0 }] });
  const other = iterate(hub);
  await take(failing, 1);
  const broken = memoryRow(1);
  Object.defineProperty(broken, 'used_percent', {
    get: () => {
      throw new Error('a column that cannot be read');
    },
  });
  publish('memory', [broken, ...rows(2, 4)]);
  await expect(take(failing, 1)).rejects.toMatchObject({ code: 'ERR_WIRE_HANDLER' });
  expect((await take(other, 4)).map(text)).toEqual(['hello', 'm1-2 overflow 2', 'm3', 'm4']);
  expect(problems).toEqual(['ERR_WIRE_HANDLER']);
});

it('publish() does not starve a quiet table beside a busy one', async () => {
  const { hub, publish } = createTestHub();
  const events = iterate(hub);
  publish('memory', rows(1, 4000));
  publish('optimization', [{ timestamp: 1 }]);
  const got = await take(events, 1000);
  expect(got.map(text)).toContain('o1');
});

it('open() lets what is ready through when it ends', async () => {
  const { hub, publish } = createTestHub();
  const subscription = hub.open({}, forever);
  publish('memory', rows(1, 1000));
  subscription.end();
  expect(await collect(subscription.batches())).toHaveLength(1001);
  expect(hub.stats().subscribers).toBe(0);
});

/** Records and gaps cover every number once, in order. */
function countCovered(events: readonly StreamEvent[]): number {
  let next = 1;
  for (const event of events) {
    if (event.type === 'record') expect(event.sequence).toBe(next++);
    else if (event.type === 'gap') {
      expect(event.fromSequence).toBe(next);
      next = event.toSequence + 1;
    }
  }
  return next - 1;
}

it('createStreamHub() shows every subscriber each number once, as a record or in a gap, however it reads and reconnects', async () => {
  const step = fc.oneof(
    fc.record({ publish: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 300 }) }),
    fc.constant({ reconnect: true }),
    fc.record({ forget: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.constantFrom('block' as const, 'drop-oldest' as const),
      async (steps, overflow) => {
        const { hub, publish, history } = createTestHub({ memoryRows: 20, maxWaiting: 15 });
        const progress = createStreamProgress();
        const seen: StreamEvent[] = [];
        let after: StreamPosition | undefined;
        let events = iterate(hub, { overflow, tables: ['memory'] });
        let published = 0;
        const read = async (count: number): Promise<void> => {
          for (let i = 0; i < count && covered(seen) < published; i++) {
            const [event] = await take(events, 1);
            progress.note(event!);
            if (event!.type !== 'hello') seen.push(event!);
          }
        };
        progress.note((await take(events, 1))[0]!);
        for (const action of steps) {
          if ('publish' in action) {
            publish('memory', rows(published + 1, (published += action.publish)));
          } else if ('read' in action) await read(action.read);
          else if ('forget' in action) history.forget('memory', action.forget * published);
          else {
            await events.return?.(undefined);
            after = progress.position;
            events = iterate(hub, { overflow, tables: ['memory'], after: after! });
          }
        }
        await read(Infinity);
        expect(countCovered(seen)).toBe(published);
      },
    ),
    { numRuns: 60 },
  );
});

function covered(events: readonly StreamEvent[]): number {
  const last = events.at(-1);
  if (!last || last.type === 'hello') return 0;
  return last.type === 'record' ? last.sequence : last.toSequence;
}
