// Frames ⇄ messages: [identities..., "<IDS|MSG>", signature, header, parent_header, metadata, content,
// buffers...], signed with HMAC-SHA-256 over the four JSON parts. Knows no socket.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Header, JsonObject, Message } from './message.ts';

const DELIMITER = Buffer.from('<IDS|MSG>');

/** Why frames are not a message. Such frames are dropped: an unsigned peer gets no answer. */
export class MessageFormatError extends Error {
  override readonly name = 'MessageFormatError';
}

/** Encodes and decodes the messages of one connection. */
export interface MessageCodec {
  encode(message: Message): Uint8Array[];
  /** @throws MessageFormatError for frames that are not a whole, correctly signed message */
  decode(frames: readonly Uint8Array[]): Message;
}

/** @param key of the connection file; empty means that messages are not signed */
export function createMessageCodec(key: string): MessageCodec {
  const sign = (parts: readonly Uint8Array[]): string => {
    if (key === '') return '';
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  };
  return {
    encode: (message) => {
      const parts = [message.header, message.parentHeader, message.metadata, message.content].map((part) =>
        Buffer.from(JSON.stringify(part)),
      );
      return [...message.identities, DELIMITER, Buffer.from(sign(parts)), ...parts, ...message.buffers];
    },
    decode: (frames) => decodeFrames(frames, sign),
  };
}

function decodeFrames(
  frames: readonly Uint8Array[],
  sign: (parts: readonly Uint8Array[]) => string,
): Message {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (at < 0) throw new MessageFormatError('there is no <IDS|MSG> frame');
  const parts = frames.slice(at + 2, at + 6);
  if (parts.length < 4) throw new MessageFormatError(`there are ${parts.length} of 4 JSON frames`);
  const wanted = Buffer.from(sign(parts));
  const given = Buffer.from(frames[at + 1]!);
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
    buffers: frames.slice(at + 6),
  };
}

function parseObject(part: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(part));
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
