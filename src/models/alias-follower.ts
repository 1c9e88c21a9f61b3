// aliases.json follows what answers when a bad version had to be left at once: a rollback for safety waits for no
// disk. Where the disk then refuses, the pointers are written as soon as it takes them again.
import { isRuvectorError, messageOf } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import type { AliasesBehind } from './host-types.ts';
import type { ModelRegistry } from './registry-types.ts';

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** Options of {@link AliasFollower}. */
export interface AliasFollowerOptions {
  readonly registry: ModelRegistry;
  readonly name: string;
  /** Told once when the disk refuses, however often it does. */
  readonly onFailed: (error: RuvectorError) => void;
  readonly onFollowed: (version: string) => void;
}

/** Writes one rollback after the other. */
export class AliasFollower {
  readonly #options: AliasFollowerOptions;
  #behind: AliasesBehind | null = null;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AliasFollowerOptions) {
    this.#options = options;
  }

  /** What aliases.json does not know yet. */
  get behind(): AliasesBehind | null {
    return this.#behind;
  }

  /** `to` answers in place of `from`. Never rejects. */
  follow(from: string, to: string): Promise<void> {
    clearTimeout(this.#timer);
    // Several rollbacks, one file: it still names the first of those that were left.
    this.#behind = { answering: to, onDisk: this.#behind?.onDisk ?? from, reason: 'being written' };
    this.#writing = this.#writing.then(() => this.#write(FIRST_RETRY_MS));
    return this.#writing;
  }

  /** Somebody wrote the pointers since: there is nothing to follow. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#behind = null;
  }

  /** Tries a last time. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#writing = this.#writing.then(() => this.#write(null));
    await this.#writing;
  }

  /** @param retryMs when to try again; null never does */
  async #write(retryMs: number | null): Promise<void> {
    if (this.#behind === null) return;
    const { registry, name, onFailed, onFollowed } = this.#options;
    const { answering, onDisk } = this.#behind;
    try {
      const { live } = await registry.aliases(name);
      if (live === onDisk) await registry.rollback(name, answering);
      this.#behind = null;
      if (retryMs !== FIRST_RETRY_MS) onFollowed(answering);
    } catch (error) {
      this.#behind = { answering, onDisk, reason: messageOf(error) };
      if (retryMs === FIRST_RETRY_MS && isRuvectorError(error)) onFailed(error);
      if (retryMs !== null) this.#retry(retryMs);
    }
  }

  #retry(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#writing = this.#writing.then(() => this.#write(Math.min(MAX_RETRY_MS, 2 * delayMs)));
    }, delayMs);
    this.#timer.unref();
  }
}
