import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildBatchPool } from '../../../src/bridge/batch-pool.ts';
import { MessageType, nameOfType } from '../../../src/bridge/message.ts';
import type { OutgoingMessage } from '../../../src/bridge/message.ts';
import { BatchSession } from '../../../src/bridge/batch-session.ts';
import type { BatchFeed } from '../../../src/bridge/batch-session.ts';
import { buildCountingBatch, buildCountingFeed, columnsSchema } from '../../support/bridge/wire-batches.ts';

interface Rig {
  readonly session: BatchSession;
  readonly sent: OutgoingMessage[];
  readonly errors: unknown[];
  readonly source: ReturnType<typeof buildCountingFeed>;
  slotsInUse(): number;
  /** Lets everything that can happen without the client happen. */
  settle(): Promise<void>;
}

const LARGE_ROWS = 50_000; // 400 KB a batch: too large to share a message

function openSession(batches: number | undefined, rows: number, credit: number, own?: BatchFeed): Rig {
  const source = buildCountingFeed();
  const pool = buildBatchPool(2 ** 24);
  const sent: OutgoingMessage[] = [];
  const errors: unknown[] = [];
  const session = new BatchSession({
    streamId: 1,
    feed: own ?? source,
    params: { batches, rows },
    initialCredit: credit,
    pool,
    maxMessageBytes: 2 ** 24,
    transport: null,
    rings: null,
    send: async (message) => void sent.push(message),
    sendError: (error) => void errors.push(error),
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { session, sent, errors, source, slotsInUse: () => pool.stats().slotsInUse, settle };
}

const typesOf = (sent: readonly OutgoingMessage[]): string[] => sent.map(({ type }) => nameOfType(type));

describe('BatchSession', () => {
  it('sends no batch beyond the credit and asks the source for none', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 3);
    await rig.settle();
    expect(rig.session.sent).toBe(3);
    expect(rig.source.produced).toBe(3);
    expect(rig.slotsInUse()).toBe(3);
    rig.session.leave('lost');
    await rig.session.done;
  });

  it('frees slots only up to the acknowledged batch', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 3);
    await rig.settle();
    rig.session.acknowledge(2);
    expect(rig.slotsInUse()).toBe(1);
    rig.session.leave('lost');
    await rig.session.done;
    expect(rig.slotsInUse()).toBe(0);
  });

  it('ends with DRAIN, waits for the last ACK, says BYE and waits for the answer', async () => {
    const rig = openSession(2, LARGE_ROWS, 8);
    await rig.settle();
    expect(typesOf(rig.sent)).toEqual(['HELLO', 'BATCH', 'BATCH', 'DRAIN']);
    rig.session.acknowledge(1);
    await rig.settle();
    expect(rig.sent.at(-1)?.type).toBe(MessageType.DRAIN);
    rig.session.acknowledge(2);
    await rig.settle();
    expect(rig.sent.at(-1)).toMatchObject({ type: MessageType.BYE, sequence: 2 });
    rig.session.leave('left');
    await rig.session.done;
    expect(rig.source.returned).toBe(1);
  });

  it('sends small batches that are ready together, within credit', async () => {
    const rig = openSession(10, 10, 8);
    await rig.settle();
    expect(rig.sent[1]).toMatchObject({ type: MessageType.BATCH, sequence: 8, correlation: 8 });
    rig.session.acknowledge(8);
    rig.session.grant(16);
    await rig.settle();
    expect(rig.sent[2]).toMatchObject({ type: MessageType.BATCH, sequence: 10, correlation: 2 });
    rig.session.leave('left');
    await rig.session.done;
  });

  it('does not hold a small batch back for one that is not ready', async () => {
    let release = (): void => {};
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const slow: BatchFeed = {
      async open() {
        async function* produce(): AsyncGenerator<ReturnType<typeof buildCountingBatch>> {
          yield buildCountingBatch(0, 1);
          await waiting;
          yield buildCountingBatch(1, 1);
        }
        return { schema: columnsSchema, batches: produce() };
      },
    };
    const rig = openSession(undefined, 1, 8, slow);
    await rig.settle();
    expect(rig.session.sent).toBe(1);
    release();
    await rig.settle();
    expect(rig.session.sent).toBe(2);
    rig.session.leave('left');
    await rig.session.done;
  });

  it('closes the source of a client that leaves and answers BYE', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 2);
    await rig.settle();
    rig.session.leave('left');
    await rig.session.done;
    expect(rig.source.returned).toBe(1);
    expect(rig.sent.at(-1)?.type).toBe(MessageType.BYE);
  });

  it('says nothing more to a client that is lost', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 2);
    await rig.settle();
    const before = rig.sent.length;
    rig.session.leave('lost');
    await rig.session.done;
    expect(rig.sent.length).toBe(before);
    expect(rig.source.returned).toBe(1);
  });

  it('ends a stream the daemon cuts short with an error, once all that was sent is acknowledged', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 2);
    await rig.settle();
    rig.session.drain();
    await rig.settle();
    expect(typesOf(rig.sent)).toEqual(['HELLO', 'BATCH', 'BATCH', 'DRAIN']);
    expect(rig.errors).toEqual([]);
    rig.session.acknowledge(2);
    await rig.session.done;
    expect(rig.errors).toMatchObject([{ code: 'ERR_WIRE_DISCONNECTED' }]);
    expect(typesOf(rig.sent)).not.toContain('BYE');
  });

  it('ends a stream whose source had ended before the daemon drains with BYE', async () => {
    const rig = openSession(2, LARGE_ROWS, 8);
    await rig.settle();
    rig.session.drain();
    rig.session.acknowledge(2);
    await rig.settle();
    rig.session.leave('left');
    await rig.session.done;
    expect([rig.errors, typesOf(rig.sent).at(-1)]).toEqual([[], 'BYE']);
  });

  it('ends although the source is stuck', async () => {
    const stuck: BatchFeed = {
      async open() {
        const batches = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
        return { schema: columnsSchema, batches };
      },
    };
    const rig = openSession(undefined, 1, 2, stuck);
    await rig.settle();
    rig.session.leave('lost');
    await rig.session.done;
    expect(rig.slotsInUse()).toBe(0);
  });

  it('reports the error of a source after the batches before it', async () => {
    const failing: BatchFeed = {
      async open() {
        async function* produce(): AsyncGenerator<ReturnType<typeof buildCountingBatch>> {
          yield buildCountingBatch(0, LARGE_ROWS);
          throw new Error('the disk is gone');
        }
        return { schema: columnsSchema, batches: produce() };
      },
    };
    const rig = openSession(undefined, 1, 4, failing);
    await rig.session.done;
    expect(rig.session.sent).toBe(1);
    expect(String(rig.errors[0])).toContain('the disk is gone');
  });

  it('says no BYE behind an error: a stream that was cut short would look complete', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 2);
    await rig.settle();
    rig.session.fail(new Error('the lease ended'));
    await rig.session.done;
    expect([rig.errors.length, typesOf(rig.sent)]).toEqual([1, ['HELLO', 'BATCH', 'BATCH']]);
  });

  it('ends with an error when the client acknowledges what was never sent', async () => {
    const rig = openSession(undefined, LARGE_ROWS, 2);
    await rig.settle();
    rig.session.acknowledge(3);
    await rig.session.done;
    expect(rig.errors[0]).toMatchObject({ code: 'ERR_WIRE_SEQUENCE' });
    expect(rig.slotsInUse()).toBe(0);
  });

  it(
    'numbers batches without gap and stays within credit whatever the client grants',
    { timeout: 30_000 },
    async () => {
      const step = fc.record({ acked: fc.nat({ max: 5 }), granted: fc.nat({ max: 5 }) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 8 }),
          fc.constantFrom(5, LARGE_ROWS),
          async (steps, rows) => {
            const rig = openSession(undefined, rows, 1);
            let [acked, granted] = [0, 1];
            for (const { acked: more, granted: room } of steps) {
              await rig.settle();
              acked = Math.min(rig.session.sent, acked + more);
              granted += room;
              rig.session.acknowledge(acked);
              rig.session.grant(granted);
            }
            await rig.settle();
            const packs = rig.sent.filter(({ type }) => type === MessageType.BATCH);
            let expected = 0;
            for (const { sequence, correlation } of packs) expect(sequence).toBe((expected += correlation!));
            expect(expected).toBe(granted);
            rig.session.leave('lost');
            await rig.session.done;
            expect(rig.slotsInUse()).toBe(0);
          },
        ),
        { numRuns: 25 },
      );
    },
  );
});
