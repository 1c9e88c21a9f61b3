// The five sockets of a kernel. Decodes what arrives, drops what is not signed, knows no message types.
import * as zmq from 'zeromq';
import { createMessageCodec } from '../protocol/codec.ts';
import type { MessageCodec } from '../protocol/codec.ts';
import { addressOf } from '../protocol/connection-file.ts';
import type { Connection } from '../protocol/connection-file.ts';
import type { Message } from '../protocol/message.ts';
import { Outbox } from './outbox.ts';

export type Channel = 'shell' | 'control' | 'stdin' | 'iopub';

/** Bound sockets. */
export interface KernelSockets {
  send(channel: Channel, message: Message): void;
  /** Sends what is queued, then closes. */
  close(): Promise<void>;
}

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
export async function bindSockets(connection: Connection, listener: SocketListener): Promise<KernelSockets> {
  const codec = createMessageCodec(connection.key);
  // Output must not be dropped at a high-water mark: a slow reader is the client's memory, as in ipykernel.
  const options = { linger: 1000, sendHighWaterMark: 0, receiveHighWaterMark: 0 };
  const shell = new zmq.Router(options);
  const control = new zmq.Router(options);
  const stdin = new zmq.Router(options);
  const iopub = new zmq.XPublisher({ ...options, verbosity: 'allSubs' });
  const heartbeat = new zmq.Router(options);
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
  for await (const frames of socket) onFrames(frames);
}

/** A message of a stranger, or a damaged one, gets no answer. */
function decodeOrNull(codec: MessageCodec, frames: readonly Uint8Array[]): Message | null {
  try {
    return codec.decode(frames);
  } catch {
    return null;
  }
}
