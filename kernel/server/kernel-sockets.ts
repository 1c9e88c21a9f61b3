// What the server needs of the transport: where its messages go. Types only.
import type { Message } from '../protocol/message.ts';

export type Channel = 'shell' | 'control' | 'stdin' | 'iopub';

/** Bound sockets. */
export interface KernelSockets {
  send(channel: Channel, message: Message): void;
  /** Sends what is queued, then closes. */
  close(): Promise<void>;
}
