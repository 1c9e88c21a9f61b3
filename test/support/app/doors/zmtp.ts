// ZMTP by hand (https://rfc.zeromq.org/spec/23/): the bytes of a greeting, of READY and of messages, right or wrong.

/** Signature, version 3.1, mechanism, as-server, filler. */
export function buildGreeting(major = 3, mechanism = 'NULL'): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, 1]);
  bytes.write(mechanism, 12);
  return bytes;
}

export const MORE = 1;
export const LONG = 2;
export const COMMAND = 4;

/** One frame; `length` may lie. */
export function zmtpFrame(flags: number, body: Uint8Array, length = BigInt(body.length)): Buffer {
  if (length < 256n && (flags & LONG) === 0)
    return Buffer.concat([Buffer.from([flags, Number(length)]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeBigUInt64BE(length, 1);
  return Buffer.concat([head, body]);
}

/** A command frame. */
export function command(name: string, data: Uint8Array): Buffer {
  return zmtpFrame(COMMAND, Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]));
}

function property(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), length, Buffer.from(value)]);
}

/** What follows the greeting. */
export function buildReady(type = 'DEALER', identity?: string): Buffer {
  const own = identity === undefined ? [] : [property('Identity', identity)];
  return command('READY', Buffer.concat([property('Socket-Type', type), ...own]));
}

/** Frames as one message. */
export function buildZmtpMessage(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(frames.map((frame, i) => zmtpFrame(i < frames.length - 1 ? MORE : 0, frame)));
}

/** Short messages, with a heartbeat behind each where told: more than is read, from a peer that then goes. */
export function buildMany(count: number, heartbeats: 0 | 1, frame: Uint8Array = Buffer.from('x')): Buffer {
  const ping = heartbeats === 1 ? command('PING', Buffer.alloc(2)) : Buffer.alloc(0);
  const one = Buffer.concat([buildZmtpMessage([frame]), ping]);
  return Buffer.concat(Array<Buffer>(count).fill(one));
}
