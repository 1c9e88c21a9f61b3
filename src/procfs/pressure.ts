// Pressure stall information: /proc/pressure/* and a cgroup's memory.pressure. Pure.
// https://docs.kernel.org/accounting/psi.html

/** `some`: at least one task waited. `full`: all of them did. */
export type PressureKind = 'some' | 'full';

/** One line: `some avg10=0.00 avg60=0.00 avg300=0.00 total=4711`. */
export interface PressureLine {
  readonly text: string;
  /** False for what the end of the file cut off: its total may go on. */
  readonly isWhole: boolean;
  /** What stands behind `total=`: digits, in µs since boot or since the cgroup was made; empty without it. */
  readonly total: string;
}

const TOTAL = ' total=';

/** Finds a line; null where the kernel writes none (before Linux 5.13 the CPU has no `full`). */
export function findPressureLine(text: string, kind: PressureKind): PressureLine | null {
  const start = `${kind} `;
  const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1;
  if (at === 0 && !text.startsWith(start)) return null;
  const newline = text.indexOf('\n', at);
  const line = text.slice(at, newline < 0 ? text.length : newline);
  const totalAt = line.lastIndexOf(TOTAL);
  const total = totalAt < 0 ? '' : line.slice(totalAt + TOTAL.length);
  return { text: line, isWhole: newline >= 0, total };
}

/** Parses the total of a line, µs; null when there is none. */
export function parsePressureTotal(text: string, kind: PressureKind): number | null {
  const total = findPressureLine(text, kind)?.total ?? '';
  return /^\d+$/.test(total) ? Number(total) : null;
}
