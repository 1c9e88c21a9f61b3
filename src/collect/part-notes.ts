// What a part of a sample could not use: one bad value is a null of its column, one file that cannot be read is
// a null of the columns it fills. Both are noted here and show in the health, never as an exception.
import { messageOf } from '../core/index.ts';
import { badValueText } from './errors.ts';
import type { BadColumn, CollectorHealth } from './health.ts';

/** Takes note of a value that is left null: the column it was for, and the text that is no such value. */
export type NoteBad = (column: string, text: string) => void;

/** For callers that only want the values. */
export const ignoreBad: NoteBad = () => undefined;

/** What the readers of a part tell it. */
export interface Notes {
  readonly bad: NoteBad;
  /** A file, or a process, of which nothing can be used. */
  readonly failed: (error: unknown) => void;
}

/** The same for whole files. */
export const ignoreNotes: Notes = { bad: ignoreBad, failed: () => undefined };

const MAX_TEXT = 80;

/** Keeps the notes of one part, of the sample under way and since the start. */
export class PartNotes implements Notes {
  readonly name: string;
  readonly #columns = new Map<string, { count: number; lastText: string }>();
  #error: string | null = null;
  #lastFailure: string | null = null;
  #failures = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The next sample begins. */
  begin(): void {
    this.#error = null;
  }

  readonly bad = (column: string, text: string): void => {
    const lastText = text.slice(0, MAX_TEXT);
    const known = this.#columns.get(column);
    this.#columns.set(column, { count: (known?.count ?? 0) + 1, lastText });
    this.#fail(badValueText(this.name, column, lastText));
  };

  readonly failed = (error: unknown): void => this.#fail(messageOf(error));

  /** How the part went in the sample under way. */
  health(durationMs: number): CollectorHealth {
    const badColumns = [...this.#columns].map(([column, seen]): BadColumn => ({ column, ...seen }));
    return {
      name: this.name,
      success: this.#error === null ? 1 : 0,
      durationMs,
      lastError: this.#error,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
      badColumns,
    };
  }

  /** The first failure of a sample stands for it: those after it often follow from it. */
  #fail(text: string): void {
    if (this.#error !== null) return;
    this.#error = this.#lastFailure = text;
    this.#failures++;
  }
}
