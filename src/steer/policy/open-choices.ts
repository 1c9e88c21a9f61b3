// Choices that nobody told the end of yet.
import type { Choice } from './contract.ts';
import { closedChoiceError } from './errors.ts';

/** A choice, and what was asked for it. */
export interface OpenChoice {
  readonly choice: Choice;
  readonly features: readonly number[];
  readonly atMs: number;
}

/** Choices that nobody told of for so long are given up. */
const LONGEST_OPEN_MS = 3_600_000;

export class OpenChoices {
  readonly #byId = new Map<number, OpenChoice>();

  add(open: OpenChoice): void {
    this.#byId.set(open.choice.id, open);
  }

  /** @throws RuvectorError `ERR_STEER_CHOICE` for one that is not open */
  get(id: number): OpenChoice {
    const open = this.#byId.get(id);
    if (!open) throw closedChoiceError(id);
    return open;
  }

  /** @throws RuvectorError `ERR_STEER_CHOICE` for one that is not open */
  close(id: number): void {
    if (!this.#byId.delete(id)) throw closedChoiceError(id);
  }

  /** Runs of unproven arms that are under way. */
  countTrials(nowMs: number): number {
    let count = 0;
    for (const [id, { choice, atMs }] of this.#byId) {
      if (nowMs - atMs > LONGEST_OPEN_MS) this.#byId.delete(id);
      else if (choice.why === 'explore' || choice.why === 'sampled') count++;
    }
    return count;
  }
}
