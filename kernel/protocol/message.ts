// The Jupyter message: headers, parts and types, as values. Knows no socket and no bytes.
// Specification: https://jupyter-client.readthedocs.io/en/stable/messaging.html (5.5)
import { randomUUID } from 'node:crypto';

export const JUPYTER_PROTOCOL_VERSION = '5.5';

/** Header of a message. A client may send more fields than these; they travel on in parent headers. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
  readonly subshell_id?: string | null;
}

export type JsonObject = Record<string, unknown>;

/** A text field of a message; anything else counts as missing. */
export function textField(content: JsonObject, name: string, missing = ''): string {
  const value = content[name];
  return typeof value === 'string' ? value : missing;
}

/** A number field of a message; anything else counts as missing. */
export function numberField(content: JsonObject, name: string, missing: number): number {
  const value = content[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : missing;
}

/** One message, whatever the socket it travels on. */
export interface Message {
  /** Routing prefix of ROUTER sockets, or the topic on iopub. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  /** Empty object when the message answers nothing. */
  readonly parentHeader: Header | Record<string, never>;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  readonly buffers: readonly Uint8Array[];
}

/** Makes headers of one kernel session. */
export function createHeaderFactory(session: string, username = 'kernel'): (msgType: string) => Header {
  return (msgType) => ({
    msg_id: randomUUID(),
    msg_type: msgType,
    session,
    username,
    date: new Date().toISOString(),
    version: JUPYTER_PROTOCOL_VERSION,
  });
}
