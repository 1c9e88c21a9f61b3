// Replies and iopub messages with their parents. Knows message shapes, not what they are for.
import { createHeaderFactory } from './message.ts';
import type { Header, JsonObject, Message } from './message.ts';

/** Where encoded messages go. */
export type SendOnChannel = (channel: 'shell' | 'control' | 'stdin' | 'iopub', message: Message) => void;

/** Cells whose late output still finds its parent. */
const REMEMBERED_PARENTS = 10_000;

/** Builds and sends the messages of one kernel. */
export class Publisher {
  readonly #send: SendOnChannel;
  readonly #header: ReturnType<typeof createHeaderFactory>;
  readonly #parents = new Map<string, Header>();

  constructor(session: string, send: SendOnChannel) {
    this.#send = send;
    this.#header = createHeaderFactory(session);
  }

  /** Keeps the header of a request, so that output is published under it by its msg_id alone. */
  remember(header: Header): void {
    this.#parents.set(header.msg_id, header);
    if (this.#parents.size > REMEMBERED_PARENTS) {
      const [oldest] = this.#parents.keys();
      this.#parents.delete(oldest!);
    }
  }

  /** Publishes to all clients under the request of that msg_id; an unknown one has no parent. */
  publish(
    parent: string | null,
    msgType: string,
    content: JsonObject,
    metadata: JsonObject = {},
    buffers: readonly Uint8Array[] = [],
  ): void {
    this.#send('iopub', {
      identities: [Buffer.from(`kernel.${msgType}`)],
      header: this.#header(msgType),
      parentHeader: (parent === null ? undefined : this.#parents.get(parent)) ?? {},
      metadata,
      content,
      buffers,
    });
  }

  /** Greets a subscriber under its own topic: nothing else is sure to reach it (JEP 65). */
  welcome(topic: Uint8Array): void {
    this.#send('iopub', {
      identities: [topic],
      header: this.#header('iopub_welcome'),
      parentHeader: {},
      metadata: {},
      content: { subscription: Buffer.from(topic).toString() },
      buffers: [],
    });
  }

  /** Answers a request on the channel it came from. */
  reply(
    channel: 'shell' | 'control',
    request: Message,
    content: JsonObject,
    metadata: JsonObject = {},
    buffers: readonly Uint8Array[] = [],
  ): void {
    this.#send(channel, {
      identities: request.identities,
      header: this.#header(request.header.msg_type.replace(/_request$/, '_reply')),
      parentHeader: request.header,
      metadata,
      content,
      buffers,
    });
  }

  /** Asks the client that sent `request` something; returns the msg_id its answer will name. */
  ask(request: Message, content: JsonObject): string {
    const header = this.#header('input_request');
    this.#send('stdin', {
      identities: request.identities,
      header,
      parentHeader: request.header,
      metadata: {},
      content,
      buffers: [],
    });
    return header.msg_id;
  }

  status(parent: string | null, state: 'starting' | 'busy' | 'idle'): void {
    this.publish(parent, 'status', { execution_state: state });
  }
}
