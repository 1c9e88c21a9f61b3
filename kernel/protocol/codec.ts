// Frames ⇄ messages. Knows no socket. The frames of one multipart message:
//
//   0 .. d-1  identities: whom a ROUTER answers, or the topic of an iopub message
//   d         "<IDS|MSG>"
//   d+1       signature: HMAC-SHA-256 over the next four frames, 64 hexadecimal digits in ASCII; empty without a key
//   d+2       header         ┐
//   d+3       parent_header  │ JSON objects in UTF-8; the parent's is {} where there is none
//   d+4       metadata       │
//   d+5       content        ┘
//   d+6 ..    buffers: raw bytes, not signed
//
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Header, JsonObject, Message } from './message.ts';

const DELIMITER = Buffer.from('<IDS|MSG>');
/** Frames behind the delimiter: where each stands. */
const FrameOffset = { SIGNATURE: 1, PARTS: 2, BUFFERS: 6 } as const;
/** What is signed. */
const PARTS = FrameOffset.BUFFERS - FrameOffset.PARTS;

/** Why frames are not a message. Such frames are dropped: an unsigned peer gets no answer. */
export class MessageFormatError extends Error {
  override readonly name = 'MessageFormatError';
}

/** A frame to be sent. Text stays text: a socket must give back the memory of bytes, which wakes this thread again. */
export type MessageFrame = Uint8Array | string;

/** Encodes and decodes the messages of one connection. */
export interface MessageCodec {
  encode(message: Message): MessageFrame[];
  /** @throws MessageFormatError for frames that are not a whole, correctly signed message */
  decode(frames: readonly Uint8Array[]): Message;
}

/** @param key of the connection file; empty means that messages are not signed */
export function createMessageCodec(key: string): MessageCodec {
  const secret = key === '' ? null : createSecretKey(key, 'utf8');
  const sign = (parts: readonly MessageFrame[]): string => {
    if (secret === null) return '';
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  };
  // A request is the parent of five messages and more, one after the other.
  let parent: { readonly header: object; readonly json: string } | null = null;
  const encodeParent = (header: Message['parentHeader']): string => {
    if (parent?.header !== header) parent = { header, json: encodeJson(header) };
    return parent.json;
  };
  return {
    encode: ({ identities, header, parentHeader, metadata, content, buffers }) => {
      const parts = [
        encodeJson(header),
        encodeParent(parentHeader),
        encodeJson(metadata),
        encodeJson(content),
      ];
      return [...identities, DELIMITER, sign(parts), ...parts, ...buffers];
    },
    decode: (frames) => decodeFrames(frames, sign),
  };
}

const encodeJson = (part: object): string => toWellFormed(JSON.stringify(part));

/**
 * JSON without halves of surrogate pairs, which are no Unicode text: UTF-8 has no bytes for them, and what a client
 * keeps of them it cannot save. JSON.stringify writes such a half, and no whole pair, as `\\ud8xx`.
 */
function toWellFormed(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(?:ud[89a-f][\da-f]{2}|[^])/g, (escape) =>
    escape.startsWith('\\ud') ? '\ufffd' : escape,
  );
}

function decodeFrames(
  frames: readonly Uint8Array[],
  sign: (parts: readonly Uint8Array[]) => string,
): Message {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (at < 0) throw new MessageFormatError('there is no <IDS|MSG> frame');
  const parts = frames.slice(at + FrameOffset.PARTS, at + FrameOffset.BUFFERS);
  if (parts.length < PARTS) {
    throw new MessageFormatError(`there are ${parts.length} of ${PARTS} JSON frames`);
  }
  // Before anything is parsed: JSON of strangers is not looked at.
  const wanted = Buffer.from(sign(parts));
  const given = Buffer.from(frames[at + FrameOffset.SIGNATURE]!);
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
    throw new MessageFormatError('the signature is wrong');
  }
  const [header, parentHeader, metadata, content] = parts.map((part) => parseObject(part));
  if (!isHeader(header!)) throw new MessageFormatError('the header lacks msg_id, msg_type or session');
  return {
    identities: frames.slice(0, at),
    header,
    parentHeader: parentHeader as unknown as Message['parentHeader'],
    metadata: metadata!,
    content: content!,
    buffers: frames.slice(at + FrameOffset.BUFFERS),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseObject(part: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(part));
  } catch (error) {
    throw new MessageFormatError('a frame is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MessageFormatError('a frame is not a JSON object');
  }
  return value as JsonObject;
}

function isHeader(value: JsonObject): value is JsonObject & Header {
  return ['msg_id', 'msg_type', 'session'].every((name) => typeof value[name] === 'string');
}
