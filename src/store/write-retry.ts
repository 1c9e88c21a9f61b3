// When to write again after the disk refused: 1 s later, then twice as long each time up to a minute, so
// that a disk that stays full costs next to nothing. In between a cheap look every two seconds tells whether
// writing has become possible, so that it goes on within seconds once there is room.
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, RuvectorError } from '../core/index.ts';
import { temporarySuffix } from '../files/index.ts';

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
const LOOK_EVERY_MS = 2_000;
/** What must be free before a write is worth a try. */
const ROOM_BYTES = 64 * 1024;

interface Refusal {
  readonly sinceMs: number;
  problem: RuvectorError;
  delayMs: number;
  /** Monotonic time of the next try. */
  tryAtMs: number;
  /** False once a look was wrong: then the next try is the next look. */
  isLookTrusted: boolean;
}

/** Plans the next try of one log. */
export class WriteRetry {
  readonly #directory: string;
  readonly #probePath: string;
  readonly #clock: Clock;
  readonly #tryAgain: () => void;
  #refusal: Refusal | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param name of the log, unique in the directory */
  constructor(directory: string, name: string, clock: Clock, tryAgain: () => void) {
    this.#directory = directory;
    this.#probePath = join(directory, `${name}.probe.wal${temporarySuffix}`);
    this.#clock = clock;
    this.#tryAgain = tryAgain;
  }

  /** The last failure and since when writing fails, wall clock; null while it works. */
  get refusal(): { readonly problem: RuvectorError; readonly sinceMs: number } | null {
    return this.#refusal;
  }

  succeeded(): void {
    this.#refusal = null;
    clearTimeout(this.#timer);
  }

  failed(problem: RuvectorError): void {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#refusal;
    if (!before) {
      this.#refusal = {
        sinceMs: this.#clock.nowMs(),
        problem,
        delayMs: FIRST_DELAY_MS,
        tryAtMs: nowMs + FIRST_DELAY_MS,
        isLookTrusted: true,
      };
    } else {
      before.problem = problem;
      before.isLookTrusted = nowMs >= before.tryAtMs;
      if (before.isLookTrusted) {
        before.delayMs = Math.min(MAX_DELAY_MS, 2 * before.delayMs);
        before.tryAtMs = nowMs + before.delayMs;
      }
    }
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !this.#refusal) return;
    const leftMs = this.#refusal.tryAtMs - this.#clock.monotonicMs();
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, Math.min(LOOK_EVERY_MS, leftMs)));
  }

  async #look(): Promise<void> {
    const refusal = this.#refusal;
    if (!refusal) return;
    const isDue = this.#clock.monotonicMs() >= refusal.tryAtMs;
    const isTime = isDue || (refusal.isLookTrusted && (await this.#hasRoom(refusal.problem)));
    if (this.#isClosed || this.#refusal !== refusal) return;
    if (isTime) this.#tryAgain();
    else this.#wait();
  }

  async #hasRoom({ details }: RuvectorError): Promise<boolean> {
    try {
      const { bavail, bsize, ffree, files } = await statfs(this.#directory);
      // Some file systems do not count their files: both are 0 there.
      const hasFiles = files === 0 || ffree > 0;
      if (bavail * bsize < ROOM_BYTES || !hasFiles) return false;
      if (details['systemCode'] === 'ENOSPC') return true;
      await writeFile(this.#probePath, Buffer.alloc(ROOM_BYTES), { mode: 0o600 });
      return true;
    } catch {
      return false;
    } finally {
      if (details['systemCode'] !== 'ENOSPC') {
        await rm(this.#probePath, { force: true }).catch(() => undefined);
      }
    }
  }
}
