// The external signals among the triggers of one packet; others (resets, frames, generators) are counted as passed over.
import type { EventSlot, ReadCounts, TriggerSlot } from '../model/index.ts';
import type { CheckedTable } from './flatbuffer.ts';

const RISING_EDGE = 1;
const FALLING_EDGE = 2;

/** A list of tables: 0 i64 t µs, 1 i8 type. */
export class TriggerTables {
  readonly #tables: Iterator<CheckedTable>;
  readonly #counts: ReadCounts;
  readonly #scale: bigint;
  #next: CheckedTable | null = null;

  constructor(tables: Iterator<CheckedTable>, counts: ReadCounts, resolution: 'us' | 'ns') {
    this.#tables = tables;
    this.#counts = counts;
    this.#scale = resolution === 'ns' ? 1000n : 1n;
  }

  /** @returns true when nothing is left */
  drain(_events: EventSlot, triggers?: TriggerSlot): boolean {
    for (;;) {
      this.#next ??= this.#tables.next().value ?? null;
      if (this.#next === null) return true;
      const type = this.#next.int8(1, 0);
      const isEdge = type === RISING_EDGE || type === FALLING_EDGE;
      if (isEdge && triggers && triggers.length === triggers.capacity) return false;
      if (!isEdge) this.#counts.skippedWords++;
      else {
        this.#counts.triggers++;
        if (triggers) this.#append(this.#next, type, triggers);
      }
      this.#next = null;
    }
  }

  #append(table: CheckedTable, type: number, triggers: TriggerSlot): void {
    const index = triggers.length;
    triggers.t[index] = table.int64(0, 0n) * this.#scale;
    triggers.id[index] = 0;
    triggers.value[index] = type === RISING_EDGE ? 1 : 0;
    triggers.length = index + 1;
  }
}
