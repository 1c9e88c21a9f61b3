// The one question that a cell may have open on stdin. The user's thread sleeps on shared memory until it is
// answered or interrupted.
import { textField } from '../protocol/message.ts';
import type { Message } from '../protocol/message.ts';
import { INPUT_BYTES, shared } from '../protocol/thread-messages.ts';

/** Keeps who was asked and hands the answer over. */
export class Question {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #open: { readonly id: string; readonly identities: readonly Uint8Array[] } | null = null;

  /** @param words @param bytes memory shared with the user's thread */
  constructor(words: Int32Array, bytes: Uint8Array) {
    this.#words = words;
    this.#bytes = bytes;
  }

  /** Notes the question that was sent to the client which runs the cell. */
  open(id: string, identities: readonly Uint8Array[]): void {
    this.#open = { id, identities };
  }

  /**
   * Takes an input_reply. Only the asked client's answer to the open question counts: those of others, late
   * ones and those to earlier questions are dropped. Clients may leave the parent out.
   */
  answer(message: Message): void {
    const { header, parentHeader, identities } = message;
    if (this.#open === null || header.msg_type !== 'input_reply') return;
    if (!isSameRoute(identities, this.#open.identities)) return;
    if ((parentHeader.msg_id ?? this.#open.id) !== this.#open.id) return;
    // An interrupt may have ended the waiting already.
    const isWaiting = Atomics.load(this.#words, shared.INPUT) === 1;
    this.#open = null;
    if (!isWaiting) return;
    const { written } = new TextEncoder().encodeInto(textField(message.content, 'value'), this.#bytes);
    Atomics.store(this.#words, shared.INPUT_LENGTH, Math.min(written, INPUT_BYTES));
    Atomics.store(this.#words, shared.INPUT, 2);
    Atomics.notify(this.#words, shared.INPUT);
  }
}

function isSameRoute(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  return left.length === right.length && left.every((frame, i) => Buffer.compare(frame, right[i]!) === 0);
}
