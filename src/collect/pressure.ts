// /proc/pressure: pressure stall information (PSI), total stall time since boot in µs.
// https://docs.kernel.org/accounting/psi.html
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
const resources: Readonly<Record<string, readonly (readonly [start: string, column: Column])[]>> = {
  memory: [
    ['some ', 'psi_memory_some_us'],
    ['full ', 'psi_memory_full_us'],
  ],
  io: [
    ['some ', 'psi_io_some_us'],
    ['full ', 'psi_io_full_us'],
  ],
  cpu: [['some ', 'psi_cpu_some_us']],
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
  for (const [start, column] of resources[resource] ?? []) {
    const line = findLine(text, start);
    if (line !== undefined) found++;
    values[column] = parseTotal(column, line, notes);
  }
  if (found === 0) notes.failed(parseError(`/proc/pressure/${resource}`, text));
  return values;
}

/** With the newline that ends it: without one the total may go on. */
function findLine(text: string, start: string): string | undefined {
  const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1;
  if (at === 0 && !text.startsWith(start)) return undefined;
  const newline = text.indexOf('\n', at);
  return text.slice(at, newline < 0 ? text.length : newline + 1);
}

// Null without a line too: before Linux 5.13 the CPU has no `full`.
function parseTotal(column: string, line: string | undefined, notes: Notes): number | null {
  if (line === undefined) return null;
  const at = line.lastIndexOf(' total=');
  const digits = at < 0 || !line.endsWith('\n') ? '' : line.slice(at + ' total='.length, -1);
  const total = parseColumn(column, digits);
  if (total === null) notes.bad(column, line.trimEnd());
  return total;
}
