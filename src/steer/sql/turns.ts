// Whose turn it is on a connection. The user's calls go as they come, unless one is under way that may have to run again;
// steering's own statements go only while nothing of the user's does, one at a time, and the user's next call waits for it.

/** The turns of one connection. */
export class Turns {
  #underWay = 0;
  #held: Promise<unknown> | null = null;
  #waiting: (() => void)[] = [];

  /** True while calls have to wait. */
  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** A call of the user's is under way until this settles. */
  track<T>(running: Promise<T>): Promise<T> {
    this.#underWay++;
    const end = (): void => {
      this.#underWay--;
      this.#wake();
    };
    running.then(end, end);
    return running;
  }

  /** Later calls wait until this settles. */
  hold<T>(running: Promise<T>): Promise<T> {
    this.#held = running;
    const end = (): void => {
      if (this.#held === running) this.#held = null;
      this.#wake();
    };
    running.then(end, end);
    return running;
  }

  /** Waits until calls need not wait. */
  async untilFree(): Promise<void> {
    while (this.#held) await this.#next();
  }

  /** Runs a statement of steering's own while nothing else runs. */
  async quietly<T>(run: () => Promise<T>): Promise<T> {
    while (this.#held || this.#underWay > 0) await this.#next();
    return this.hold(run());
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
