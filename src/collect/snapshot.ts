// Assembles a memory snapshot from the columns that the parts of a sample gave. Pure.
import { memoryKind } from '../core/index.ts';
import type { MemorySnapshot } from '../core/index.ts';
import type { MemoryColumns } from './source.ts';

/** What a snapshot holds beside the memory columns. */
export interface SnapshotFacts {
  readonly timestampMs: number;
  readonly processCount: number;
  readonly topProcessRssKib: number | null;
}

const emptyRow = Object.fromEntries(
  memoryKind.fields.map((field) => [field.name, null]),
) as unknown as MemorySnapshot;

/**
 * Builds the snapshot; columns that nobody gave are null.
 * @returns null when total or available memory is missing, for there is no snapshot without them
 */
export function buildSnapshot(columns: MemoryColumns, facts: SnapshotFacts): MemorySnapshot | null {
  const { mem_total_kib: total, mem_available_kib: available } = columns;
  if (typeof total !== 'number' || typeof available !== 'number') return null;
  return {
    ...emptyRow,
    ...(columns as Partial<MemorySnapshot>),
    timestamp: facts.timestampMs,
    mem_total_kib: total,
    mem_available_kib: available,
    process_count: facts.processCount,
    top_process_rss_kib: facts.topProcessRssKib,
  };
}
