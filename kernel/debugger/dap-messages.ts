// Messages of the Debug Adapter Protocol as Jupyter carries them: the content of debug_request, debug_reply and
// debug_event. Pure. https://microsoft.github.io/debug-adapter-protocol/specification
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';

/** What a client asks. */
export interface DapRequest {
  readonly seq: number;
  readonly command: string;
  readonly arguments: JsonObject;
}

/** Says to the client why a request failed; everything else that is thrown is a fault of the debugger. */
export class DebugError extends Error {
  override readonly name = 'DebugError';
}

/** Reads the content of a debug_request. */
export function readRequest(content: JsonObject): DapRequest {
  const given = content['arguments'];
  return {
    seq: numberField(content, 'seq', 0),
    command: textField(content, 'command'),
    arguments: typeof given === 'object' && given !== null ? (given as JsonObject) : {},
  };
}

/** A list of objects in a message; anything else counts as missing. */
export function listField(content: JsonObject, name: string): readonly JsonObject[] {
  const value = content[name];
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is JsonObject => typeof one === 'object' && one !== null);
}

/** An object in a message; anything else counts as an empty one. */
export function objectField(content: JsonObject, name: string): JsonObject {
  const value = content[name];
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

/** Numbers the messages of one kernel. */
export class DapMessages {
  #seq = 0;

  response(request: DapRequest, body: JsonObject): JsonObject {
    return { ...this.#head(request), success: true, body };
  }

  failure(request: DapRequest, message: string): JsonObject {
    const body = { error: { id: 1, format: message, showUser: true } };
    return { ...this.#head(request), success: false, message, body };
  }

  event(event: string, body: JsonObject): JsonObject {
    return { type: 'event', seq: ++this.#seq, event, body };
  }

  #head({ seq, command }: DapRequest): JsonObject {
    return { type: 'response', seq: ++this.#seq, request_seq: seq, command };
  }
}
