// /proc/pressure: pressure stall information (PSI), total stall time since boot in µs.
// https://docs.kernel.org/accounting/psi.html
import { findPressureLine } from '../procfs/index.ts';
import type { PressureKind } from '../procfs/index.ts';
import { parseColumn } from './column-range.ts';
import { parseError, readError } from './errors.ts';
import { toLatin1 } from './keyed-numbers.ts';
import { ignoreNotes } from './part-notes.ts';
import type { Notes } from './part-notes.ts';
import type { ProcReader } from './proc-reader.ts';

/** The PSI columns of a memory snapshot. */
export interface PressureColumns {
  readonly psi_memory_some_us: number | null;
  readonly psi_memory_full_us: number | null;
  readonly psi_io_some_us: number | null;
  readonly psi_io_full_us: number | null;
  readonly psi_cpu_some_us: number | null;
}

/** Pressure with every column null. */
export const emptyPressure: PressureColumns = {
  psi_memory_some_us: null,
  psi_memory_full_us: null,
  psi_io_some_us: null,
  psi_io_full_us: null,
  psi_cpu_some_us: null,
};

type Column = keyof PressureColumns;

/** The columns of each file's lines; a line without one is not wanted (`full` of the CPU is always 0). */
const resources: Readonly<Record<string, readonly (readonly [kind: PressureKind, column: Column])[]>> = {
  memory: [
    ['some', 'psi_memory_some_us'],
    ['full', 'psi_memory_full_us'],
  ],
  io: [
    ['some', 'psi_io_some_us'],
    ['full', 'psi_io_full_us'],
  ],
  cpu: [['some', 'psi_cpu_some_us']],
};

/** Reads `<procRoot>/pressure/{memory,io,cpu}`: a file that cannot be read leaves its own columns null. */
export function readPressure(reader: ProcReader, procRoot: string, notes: Notes): PressureColumns {
  const pressure = { ...emptyPressure };
  for (const resource of Object.keys(resources)) {
    const path = `${procRoot}/pressure/${resource}`;
    try {
      Object.assign(pressure, parsePressure(reader.read(path), resource, notes));
    } catch (error) {
      notes.failed(readError(path, error));
    }
  }
  return pressure;
}

/**
 * Parses the text of one pressure file.
 * @param resource memory, io or cpu
 * @returns the columns of its lines: totals in µs, null for what cannot be used, which is noted
 */
export function parsePressure(
  bytes: Uint8Array,
  resource: string,
  notes: Notes = ignoreNotes,
): Partial<PressureColumns> {
  const text = toLatin1(bytes);
  const values: { [C in Column]?: number | null } = {};
  let found = 0;
  for (const [kind, column] of resources[resource] ?? []) {
    const line = findPressureLine(text, kind);
    values[column] = null;
    if (line === null) continue;
    found++;
    // Without the newline that ends it the total may go on.
    const total = line.isWhole ? parseColumn(column, line.total) : null;
    if (total === null) notes.bad(column, line.text);
    values[column] = total;
  }
  if (found === 0) notes.failed(parseError(`/proc/pressure/${resource}`, text));
  return values;
}
