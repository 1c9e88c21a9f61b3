// Private and swapped memory of the largest processes, from smaps_rollup. The kernel walks the page
// tables for it (20 µs a MiB of resident memory) and holds the process's mmap lock meanwhile.
import type { Clock, ProcessRecord } from '../core/index.ts';
import { readError } from './errors.ts';
import type { Notes } from './part-notes.ts';
import { parseSmapsRollup } from './process-files.ts';
import type { ProcessSmaps } from './process-files.ts';
import { isDenied, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';

/** Options of {@link createSmapsReader}. */
export interface SmapsReaderOptions {
  readonly reader: ProcReader;
  readonly procRoot: string;
  readonly clock: Clock;
}

interface KnownSmaps {
  readonly startTimeTicks: number | null;
  /** Null when it could not be read. */
  readonly values: ProcessSmaps | null;
  readonly dueAtMs: number;
}

/**
 * Fills `private_kib` and `swap_kib` of the given rows.
 * @param waiting processes that wait in the kernel (state D): they may hold the lock that reading needs for as long
 *   as a dead file server leaves them there, and so they keep their last values
 */
type FillSmaps = (rows: readonly ProcessRecord[], waiting: ReadonlySet<number>, notes: Notes) => void;

// A process is asked again once the last read cost at most 0.1 % of the time since; the value before
// stands until then. Reading every process's every time took 17 ms of each sample beside one of 800 MiB.
const WAIT_PER_COST = 1000;

/** Creates the reader. */
export function createSmapsReader(options: SmapsReaderOptions): FillSmaps {
  const { reader, procRoot, clock } = options;
  let known = new Map<number, KnownSmaps>();

  function readAgain(row: ProcessRecord, notes: Notes): KnownSmaps {
    const startMs = clock.monotonicMs();
    const values = readSmaps(reader, `${procRoot}/${row.pid}`, notes);
    const endMs = clock.monotonicMs();
    const dueAtMs = endMs + (endMs - startMs) * WAIT_PER_COST;
    return { startTimeTicks: row.start_time_ticks, values, dueAtMs };
  }

  return (rows, waiting, notes) => {
    const before = known;
    known = new Map();
    for (const row of rows) {
      const last = before.get(row.pid);
      const isSame = row.start_time_ticks !== null && last?.startTimeTicks === row.start_time_ticks;
      const isCurrent = isSame && (waiting.has(row.pid) || clock.monotonicMs() < last.dueAtMs);
      if (!isCurrent && waiting.has(row.pid)) continue;
      const smaps = isCurrent ? last : readAgain(row, notes);
      known.set(row.pid, smaps);
      Object.assign(row, smaps.values);
    }
  };
}

// Null when the file is absent (before Linux 4.14), denied, or its process ended.
function readSmaps(reader: ProcReader, folder: string, notes: Notes): ProcessSmaps | null {
  const path = `${folder}/smaps_rollup`;
  try {
    return parseSmapsRollup(reader.read(path), notes);
  } catch (error) {
    if (!isGone(error) && !isDenied(error)) notes.failed(readError(path, error));
    return null;
  }
}
