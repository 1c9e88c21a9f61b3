// Loops over test/golden/bridge: vectors that neither codec wrote. Python's test_protocol.py loops over the same.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/bridge/decode-message.ts';
import { decodeRecordBatches } from '../../../src/bridge/decode-record-batch.ts';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { MessageType } from '../../../src/bridge/message.ts';
import type { Payload } from '../../../src/bridge/message.ts';

interface Vector {
  readonly frames: readonly string[];
  readonly code?: string;
  readonly message?: {
    readonly type: keyof typeof MessageType;
    readonly streamId: number;
    readonly sequence: number;
    readonly correlation: number;
    readonly payload: Payload | null;
    readonly attachments: readonly string[];
  };
}

const folder = join(import.meta.dirname, '../../golden/bridge');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const readVector = (name: string): Vector => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector;
const fromHex = (frames: readonly string[]): Buffer[] => frames.map((frame) => Buffer.from(frame, 'hex'));
const toHex = (frames: readonly Uint8Array[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString('hex'));

describe('decodeMessage() and encodeMessage() of golden vectors', () => {
  it('have every file of the folder', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  it.each(names.filter((name) => readVector(name).message))('give %s exactly', (name) => {
    const { frames, message } = readVector(name);
    const { type, payload, attachments, ...numbers } = message!;
    const wire = { type: MessageType[type], payload, attachments: fromHex(attachments), ...numbers };
    expect(toHex(encodeMessage(wire))).toEqual(frames);
    expect(decodeMessage(fromHex(frames))).toEqual(wire);
  });

  it.each(names.filter((name) => readVector(name).code))('refuse %s with its code', (name) => {
    const { frames, code } = readVector(name);
    expect(() => decodeMessage(fromHex(frames))).toThrow(expect.objectContaining({ code }));
  });

  it('decodeRecordBatches() reads batches that pyarrow wrote, one or several in a message', () => {
    const schema = fromHex(readVector('hello-stream-reply.json').message!.attachments)[0]!;
    for (const name of ['batch.json', 'batch-pack.json']) {
      const { attachments, correlation } = readVector(name).message!;
      const batches = decodeRecordBatches(schema, fromHex(attachments)[0]!);
      expect(batches).toHaveLength(correlation);
      for (const batch of batches) {
        expect(batch.toArray().map((row: { toJSON(): unknown }) => row.toJSON())).toEqual([
          { index: 1, value: 0.5, name: 'a' },
          { index: 2, value: null, name: 'é' },
          { index: 3, value: -0, name: null },
        ]);
      }
    }
  });
});
