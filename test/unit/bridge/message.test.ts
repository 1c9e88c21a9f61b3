import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { decodeMessage } from '../../../src/bridge/decode-message.ts';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { HEADER_BYTES, MAX_ATTACHMENTS, MessageType } from '../../../src/bridge/message.ts';
import type { WireMessage } from '../../../src/bridge/message.ts';

const messages: fc.Arbitrary<WireMessage> = fc.record({
  type: fc.constantFrom(...Object.values(MessageType)),
  streamId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sequence: fc.maxSafeNat(),
  correlation: fc.maxSafeNat(),
  payload: fc.option(
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 8 }).filter((key) => key !== '__proto__'),
      fc.jsonValue({ noUnicodeString: false }),
    ),
  ),
  attachments: fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }),
});

/** JSON has no -0. */
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('encodeMessage()', () => {
  it('gives what decodeMessage() reads back', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const decoded = decodeMessage(encodeMessage(message));
        expect(decoded).toEqual({ ...message, payload: throughJson(message.payload) });
      }),
    );
  });

  it('hands attachments over without copying them', () => {
    const attachment = new Uint8Array([1, 2, 3]);
    expect(encodeMessage({ type: MessageType.REPLY, attachments: [attachment] })[2]).toBe(attachment);
  });

  it('refuses more attachments or JSON than a message holds', () => {
    const attachments = Array.from({ length: MAX_ATTACHMENTS + 1 }, () => new Uint8Array(0));
    const payload = { text: 'x'.repeat(16 * 2 ** 20) };
    expect(() => encodeMessage({ type: MessageType.REPLY, attachments })).toThrow(/at most/);
    expect(() => encodeMessage({ type: MessageType.REPLY, payload })).toThrow(/send bulk as an attachment/);
  });
});

describe('decodeMessage()', () => {
  it('answers every mutation of a valid message with a message or a typed error', () => {
    const mutation = fc.record({
      frame: fc.nat({ max: 1 }),
      at: fc.nat({ max: 200 }),
      value: fc.nat({ max: 255 }),
    });
    fc.assert(
      fc.property(messages, fc.array(mutation, { minLength: 1, maxLength: 4 }), (message, mutations) => {
        const frames = encodeMessage(message).map((frame) => Uint8Array.from(frame));
        for (const { frame, at, value } of mutations) {
          const bytes = frames[frame]!;
          if (bytes.length > 0) bytes[at % bytes.length] = value;
        }
        expect(verdictOf(frames)).toMatch(/^(ok|ERR_WIRE_(FRAME|VERSION|TYPE))$/);
      }),
    );
  });

  it('refuses every prefix of a header', () => {
    const [header] = encodeMessage({ type: MessageType.ACK });
    for (let length = 0; length < HEADER_BYTES; length++) {
      expect(verdictOf([header!.subarray(0, length), new Uint8Array(0)])).toBe('ERR_WIRE_FRAME');
    }
  });

  it('says of an unknown type which stream and request it belongs to', () => {
    const [header, json] = encodeMessage({ type: MessageType.ACK, streamId: 3, correlation: 4 });
    header![5] = 99;
    expect(() => decodeMessage([header!, json!])).toThrow(
      expect.objectContaining({ code: 'ERR_WIRE_TYPE', details: { streamId: 3, correlation: 4 } }),
    );
  });

  it('reads a frame that does not begin at an aligned address', () => {
    const [header, json] = encodeMessage({ type: MessageType.ACK, sequence: 2 ** 40 });
    const shifted = new Uint8Array(HEADER_BYTES + 1);
    shifted.set(header!, 1);
    expect(decodeMessage([shifted.subarray(1), json!]).sequence).toBe(2 ** 40);
  });
});

function verdictOf(frames: readonly Uint8Array[]): string {
  try {
    decodeMessage(frames);
    return 'ok';
  } catch (error) {
    return isRuvectorError(error) ? error.code : String(error);
  }
}
