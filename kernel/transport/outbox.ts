// One send at a time per ZeroMQ socket, in order: zeromq.js allows no second send before the first is queued.
import type { MessageFrame } from '../protocol/codec.ts';

/** The sending half of a socket. */
export interface Sender {
  send(frames: MessageFrame[]): Promise<void>;
}

/** Queues multipart messages for one socket. */
export class Outbox {
  readonly #socket: Sender;
  readonly #waiting: MessageFrame[][] = [];
  #pump: Promise<void> | null = null;

  constructor(socket: Sender) {
    this.#socket = socket;
  }

  /** Queues frames; never waits. */
  push(frames: MessageFrame[]): void {
    this.#waiting.push(frames);
    this.#pump ??= this.#run();
  }

  /** Resolves when everything pushed so far was handed to the socket. */
  async drain(): Promise<void> {
    while (this.#pump) await this.#pump;
  }

  async #run(): Promise<void> {
    try {
      for (let frames = this.#waiting.shift(); frames; frames = this.#waiting.shift()) {
        // A peer that has gone is no reason to stop answering the others.
        await this.#socket.send(frames).catch(() => {});
      }
    } finally {
      this.#pump = null;
    }
  }
}
