// The messages of the bridge protocol and the layout of their 32-byte header. No bytes are
// touched here: see encode-message.ts and decode-message.ts. Specification: docs/protocol.md, "Message"
//
//   frame 0     header, 32 bytes
//   frame 1     payload: a JSON object in UTF-8, or empty
//   frame 2 ..  attachments
//
//   header  0   4  magic "RVB1"
//           4   1  version
//           5   1  type
//           6   2  flags, 0
//           8   4  stream; 0 on the control endpoint
//           12  4  reserved, 0
//           16  8  sequence: number of a batch, else 0
//           24  8  correlation: number of a request, or credit, or a count; else 0

export const PROTOCOL_VERSION = 1;
export const MAGIC = 0x31_42_56_52; // "RVB1" read as a little-endian u32

export const HEADER_BYTES = 32;
/** Byte offsets of the header's fields; all integers are little-endian. */
export const HeaderOffset = {
  MAGIC: 0,
  VERSION: 4,
  TYPE: 5,
  FLAGS: 6,
  STREAM: 8,
  RESERVED: 12,
  SEQUENCE: 16,
  CORRELATION: 24,
} as const;

/** A JSON payload larger than this is refused; bulk travels as attachments. */
export const MAX_PAYLOAD_BYTES = 16 * 2 ** 20;
export const MAX_ATTACHMENTS = 64;

export const MessageType = {
  HELLO: 1,
  CREDIT: 2,
  BATCH: 3,
  ACK: 4,
  DRAIN: 5,
  BYE: 6,
  ERROR: 7,
  REQUEST: 8,
  PROGRESS: 9,
  REPLY: 10,
  CANCEL: 11,
  PROBE: 12,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

const namesByType = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]));

/** `BATCH`, or `type 99` for a number without a name. */
export function nameOfType(type: number): string {
  return namesByType.get(type) ?? `type ${type}`;
}

export function isMessageType(type: number): type is MessageType {
  return namesByType.has(type);
}

/** JSON object of a message. */
export type Payload = Readonly<Record<string, unknown>>;

/** One decoded message. */
export interface WireMessage {
  readonly type: MessageType;
  /** Chosen by the client, unique within its connection; 0 on the control endpoint. */
  readonly streamId: number;
  /** Batch number on BATCH, ACK, DRAIN, BYE; else 0. A safe integer. */
  readonly sequence: number;
  /** Request number, or the credit limit. A safe integer. */
  readonly correlation: number;
  /** null when the frame is empty. */
  readonly payload: Payload | null;
  readonly attachments: readonly Uint8Array[];
}

/** What a sender says; absent fields are 0, null and none. */
export type OutgoingMessage = Pick<WireMessage, 'type'> &
  Partial<Omit<WireMessage, 'type'>> & {
    /** Nobody reads the attachments any more: what seals the message may write over them. */
    readonly mayOverwrite?: boolean | undefined;
  };
