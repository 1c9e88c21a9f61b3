// The end of a text stream, bounded: what a process said last is what explains its end.

/** Keeps the last `maxChars` characters that were written. */
export class TextTail {
  readonly #maxChars: number;
  #text = '';
  #isCut = false;

  /** @param maxChars @default 16384 */
  constructor(maxChars = 16_384) {
    this.#maxChars = maxChars;
  }

  write(chunk: string): void {
    const text = this.#text + chunk;
    this.#isCut ||= text.length > this.#maxChars;
    this.#text = text.slice(-this.#maxChars);
  }

  /** The kept text; begins with an ellipsis when something was dropped. */
  toString(): string {
    return this.#isCut ? `…${this.#text}` : this.#text;
  }
}
