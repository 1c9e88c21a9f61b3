// What the collector asks of a system: named readers of memory columns and the processes.
import type { MemorySnapshot } from '../core/index.ts';
import type { Notes } from './part-notes.ts';
import type { ProcessScan, ScanTime } from './process-scan.ts';

/** Columns of a memory snapshot; any of them may turn out to be missing on a host. */
export type MemoryColumns = { [K in keyof MemorySnapshot]?: MemorySnapshot[K] | null };

/** One group of memory columns. What of it cannot be used is null and noted. */
export interface MemoryReader {
  /** Its name in the health report. */
  readonly name: string;
  /** The columns when nothing can be read. */
  readonly empty: MemoryColumns;
  read(notes: Notes): MemoryColumns | Promise<MemoryColumns>;
}

/** One system's way to learn a sample. */
export interface SampleSource {
  readonly memory: readonly MemoryReader[];
  /** Counts processes cheaply, between scans. */
  countProcesses(): number | Promise<number>;
  scanProcesses(time: ScanTime, notes: Notes): Promise<ProcessScan>;
  close(): void;
}
