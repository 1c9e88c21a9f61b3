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

type Totals = Pick<MemorySnapshot, 'mem_total_kib' | 'mem_available_kib'>;

/** True when total and available memory are known; there is no snapshot without them. */
export function hasTotals(columns: MemoryColumns): columns is MemoryColumns & Totals {
  return typeof columns.mem_total_kib === 'number' && typeof columns.mem_available_kib === 'number';
}

/** Builds the snapshot; columns that nobody gave are null. */
export function buildSnapshot(columns: MemoryColumns & Totals, facts: SnapshotFacts): MemorySnapshot {
  return {
    ...emptyRow,
    ...(columns as Partial<MemorySnapshot>),
    timestamp: facts.timestampMs,
    process_count: facts.processCount,
    top_process_rss_kib: facts.topProcessRssKib,
  };
}
