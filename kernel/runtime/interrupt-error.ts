// What an interrupt throws into user code.

/** Thrown into a cell that was interrupted. */
export class InterruptError extends Error {
  override readonly name = 'KeyboardInterrupt';
  constructor() {
    super('the cell was interrupted');
    // Thrown from the kernel's own frames, which tell nobody anything.
    this.stack = `${this.name}: ${this.message}`;
  }
}
