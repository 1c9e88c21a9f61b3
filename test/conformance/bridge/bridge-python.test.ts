// A real Python process is the peer: nothing lost, nothing copied, and the same verdict on hostile bytes.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { decodeMessage } from '../../../src/bridge/decode-message.ts';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { MessageType } from '../../../src/bridge/message.ts';
import { buildCountingBatch } from '../../support/bridge/wire-batches.ts';
import { createBridgeHome, startConsumer } from '../../support/bridge/wire-consumer.ts';
import { python } from '../../support/python.ts';
import { until } from '../../support/until.ts';

interface Ledger {
  readonly entries: readonly (readonly [first: number, rows: number, sha256: string])[];
  readonly allocated: number;
}

function expectedLedger(batches: number, rows: number): Ledger['entries'] {
  return Array.from({ length: batches }, (_, i) => {
    const index = buildCountingBatch(i * rows, rows)
      .getChild('index')!
      .toArray() as Int32Array;
    return [i * rows, rows, createHash('sha256').update(index).digest('hex')] as const;
  });
}

describe('Client.stream()', () => {
  it.each([
    { transport: 'ipc', batches: 3000, rows: 3, window: undefined },
    { transport: 'ipc', batches: 200, rows: 10_000, window: undefined },
    { transport: 'ipc', batches: 30, rows: 200_000, window: 2 },
    { transport: 'ipc', batches: 100, rows: 10_000, window: 1 },
    { transport: 'tcp', batches: 500, rows: 1000, window: undefined },
    { transport: 'tcp', batches: 0, rows: 1, window: undefined },
  ] as const)(
    'reads $batches batches of $rows rows over $transport: none lost, repeated, reordered or changed',
    async ({ transport, batches, rows, window }) => {
      await using home = await createBridgeHome(transport);
      const job = { batches, rows, ...(window && { window }) };
      await using consumer = startConsumer('ledger', home.path, job);
      const ledger = await consumer.next<Ledger>();
      expect(ledger.entries).toEqual(expectedLedger(batches, rows));
      expect(ledger.allocated).toBe(0);
      await until(() => home.own.server.stats().openStreams === 0);
      expect(home.own.server.stats()).toMatchObject({ slotsInUse: 0, batchesSent: batches });
    },
  );

  it('reads batches in place: Arrow allocates nothing and every buffer lies in the received frame', async () => {
    await using home = await createBridgeHome();
    await using consumer = startConsumer('zero_copy', home.path, { batches: 2, rows: 100_000 });
    const found = await consumer.next<Record<string, number | boolean>>();
    expect(found).toMatchObject({ allocated: 0, foreign: true, aligned: true, mutable: false });
    expect(Number(found['span'])).toBeLessThan(Number(found['nbytes']) + 256);
  });

  it('reads on after Python held the GIL for several leases', async () => {
    await using home = await createBridgeHome('ipc', 500);
    const job = { seconds: 2.5, params: { batches: 40, rows: 1000, window: 2 } };
    await using consumer = startConsumer('trainer', home.path, job);
    expect(await consumer.next()).toMatchObject({ read: 40 });
  });
});

describe('Client.request()', () => {
  it('raises each error as its class, and goes on', async () => {
    await using home = await createBridgeHome();
    await using consumer = startConsumer('errors', home.path);
    expect(await consumer.next()).toEqual({
      errors: [
        ['ModelError', 'ERR_MODEL_REJECTED', true],
        ['UnknownNameError', 'ERR_WIRE_UNKNOWN_REQUEST', false],
        ['UnknownNameError', 'ERR_WIRE_UNKNOWN_STREAM', false],
        ['MessageTooLargeError', 'ERR_WIRE_TOO_LARGE', false],
        ['ProtocolError', 'ERR_WIRE_FRAME', false],
      ],
      after: { ä: [1, null] },
    });
  });

  it('Client.stream() says that the daemon stopped, after every batch it had sent', async () => {
    await using home = await createBridgeHome();
    await using consumer = startConsumer('endless', home.path, { rows: 1000 });
    await consumer.next();
    await home.own.server.close();
    expect(await consumer.next()).toEqual({
      end: 'ConnectionLostError',
      code: 'ERR_WIRE_DISCONNECTED',
      batches: home.own.server.stats().batchesSent,
    });
  });

  it('ends at Ctrl-C, and the daemon stops working on it', async () => {
    await using home = await createBridgeHome();
    await using consumer = startConsumer('interrupt', home.path);
    expect(await consumer.next()).toMatchObject({
      interrupted: true,
      status: { stats: { activeRequests: 0 } },
    });
  });
});

it('decodeMessage() and decode_message() give the same verdict on 4,000 mutated messages', async () => {
  const samples = fc.sample(mutants, { numRuns: 4000, seed: 11 });
  const ours = samples.map(verdictOf);
  const theirs = await pythonVerdicts(samples);
  const different = samples.filter((_frames, i) => ours[i] !== theirs[i]).map(toHex);
  expect(different).toEqual([]);
  expect(new Set(ours)).toEqual(new Set(['ok', 'ERR_WIRE_FRAME', 'ERR_WIRE_VERSION', 'ERR_WIRE_TYPE']));
});

const seeds = [
  encodeMessage({ type: MessageType.ACK, streamId: 1, sequence: 3, correlation: 8 }),
  encodeMessage({
    type: MessageType.REQUEST,
    correlation: 1,
    payload: { name: 'é', list: [1.5, -2, true, null] },
  }),
  encodeMessage({
    type: MessageType.REPLY,
    correlation: 1,
    payload: { a: {} },
    attachments: [Buffer.from('x')],
  }),
];

const mutants = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.record({ frame: fc.nat(1), at: fc.nat(80), value: fc.nat(255), cut: fc.nat(20) }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([seed, changes]) =>
    changes.reduce<Uint8Array[]>(
      (frames, { frame, at, value, cut }) => {
        const bytes = frames[frame]!;
        if (cut === 0) return frames.with(frame, bytes.slice(0, at));
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        return frames;
      },
      seed.map((frame) => Uint8Array.from(frame)),
    ),
  );

const toHex = (frames: readonly Uint8Array[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString('hex'));

function verdictOf(frames: readonly Uint8Array[]): string {
  try {
    decodeMessage(frames);
    return 'ok';
  } catch (error) {
    return isRuvectorError(error) ? error.code : String(error);
  }
}

async function pythonVerdicts(samples: readonly Uint8Array[][]): Promise<string[]> {
  const child = spawn(python, [
    join(import.meta.dirname, '../../support/bridge/wire-consumer.py'),
    'verdicts',
  ]);
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.pipe(process.stderr);
  child.stdin.end(samples.map((frames) => `${JSON.stringify(toHex(frames))}\n`).join(''));
  await once(child, 'close');
  return output.trim().split('\n');
}
