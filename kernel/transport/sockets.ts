// The five sockets of a kernel. Decodes what arrives, drops what is not signed, knows no message types.
// Trap: a connection that is not read for a receive mark aborts the process when its peer goes and a heartbeat of it is
// still to be read (libzmq 4364), so there is none.
import * as zmq from 'zeromq';
import { createMessageCodec } from '../protocol/codec.ts';
import type { MessageCodec } from '../protocol/codec.ts';
import { addressOf } from '../protocol/connection-file.ts';
import type { ConnectionInfo } from '../protocol/connection-file.ts';
import type { Message } from '../protocol/message.ts';
import type { KernelSockets } from '../server/kernel-sockets.ts';
import { Outbox } from './outbox.ts';

/** Heartbeats that may wait for a peer that does not read them. */
const HEARTBEAT_MARK = 1024;
/** A peer that connects and does not speak ZeroMQ is cut after this. */
const HANDSHAKE_MS = 10_000;
const MAX_UNSIGNED_BYTES = 65_536;

/** What the sockets tell. */
export interface SocketListener {
  onMessage(channel: 'shell' | 'control' | 'stdin', message: Message): void;
  /** A client subscribed to the output. */
  onSubscribe(topic: Uint8Array): void;
}

/**
 * Binds the sockets and starts to read.
 * @throws Error when a port is taken
 */
export async function bindSockets(
  connection: ConnectionInfo,
  listener: SocketListener,
): Promise<KernelSockets> {
  const codec = createMessageCodec(connection.key);
  // Output must not be dropped at a high-water mark: a slow reader is the client's memory, as in ipykernel.
  const options = {
    linger: 1000,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    handshakeInterval: HANDSHAKE_MS,
  };
  const shell = new zmq.Router(options);
  const control = new zmq.Router(options);
  const stdin = new zmq.Router(options);
  // Anybody who reaches these two ports may write to them, unsigned: topics and heartbeats are short.
  const iopub = new zmq.XPublisher({ ...options, verbosity: 'allSubs', maxMessageSize: MAX_UNSIGNED_BYTES });
  const heartbeat = new zmq.Router({
    ...options,
    sendHighWaterMark: HEARTBEAT_MARK,
    maxMessageSize: MAX_UNSIGNED_BYTES,
  });
  await Promise.all([
    shell.bind(addressOf(connection, 'shell_port')),
    control.bind(addressOf(connection, 'control_port')),
    stdin.bind(addressOf(connection, 'stdin_port')),
    iopub.bind(addressOf(connection, 'iopub_port')),
    heartbeat.bind(addressOf(connection, 'hb_port')),
  ]);
  const outboxes = {
    shell: new Outbox(shell),
    control: new Outbox(control),
    stdin: new Outbox(stdin),
    iopub: new Outbox(iopub),
    heartbeat: new Outbox(heartbeat),
  };
  const reading = [
    ...Object.entries({ shell, control, stdin }).map(([channel, socket]) =>
      readMessages(socket, (frames) => {
        const message = decodeOrNull(codec, frames);
        if (message) listener.onMessage(channel as 'shell', message);
      }),
    ),
    readMessages(heartbeat, (frames) => outboxes.heartbeat.push(frames)),
    readMessages(iopub, ([frame]) => {
      if (frame?.[0] === 1) listener.onSubscribe(frame.subarray(1));
    }),
  ];
  return {
    send: (channel, message) => outboxes[channel].push(codec.encode(message)),
    close: async () => {
      await Promise.all(Object.values(outboxes).map((outbox) => outbox.drain()));
      for (const socket of [shell, control, stdin, iopub, heartbeat]) socket.close();
      await Promise.all(reading);
    },
  };
}

async function readMessages(
  socket: AsyncIterable<Uint8Array[]>,
  onFrames: (frames: Uint8Array[]) => void,
): Promise<void> {
  for await (const frames of socket) {
    try {
      onFrames(frames);
    } catch (error) {
      // One message must not make the kernel deaf to those that follow.
      process.stderr.write(`${String(error)}\n`);
    }
  }
}

/** A message of a stranger, or a damaged one, gets no answer. */
function decodeOrNull(codec: MessageCodec, frames: readonly Uint8Array[]): Message | null {
  try {
    return codec.decode(frames);
  } catch {
    return null;
  }
}
