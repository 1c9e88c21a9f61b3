// /proc/pressure: pressure stall information (PSI), total stall time since boot in µs.
// https://docs.kernel.org/accounting/psi.html
import { parseError, readError } from './errors.ts';
import { parseDigits, toLatin1 } from './keyed-numbers.ts';
import type { ProcReader } from './proc-reader.ts';

/** Stall totals of one resource. */
export interface PressureTotals {
  /** µs in which at least one task stalled. */
  readonly someUs: number;
  /** µs in which all tasks stalled at once; null for the CPU before Linux 5.13. */
  readonly fullUs: number | null;
}

/** The PSI columns of a memory snapshot. */
export interface Pressure {
  readonly psi_memory_some_us: number | null;
  readonly psi_memory_full_us: number | null;
  readonly psi_io_some_us: number | null;
  readonly psi_io_full_us: number | null;
  readonly psi_cpu_some_us: number | null;
}

/** Pressure with every column null. */
export const emptyPressure: Pressure = {
  psi_memory_some_us: null,
  psi_memory_full_us: null,
  psi_io_some_us: null,
  psi_io_full_us: null,
  psi_cpu_some_us: null,
};

/**
 * Reads `<procRoot>/pressure/{memory,io,cpu}`.
 * @throws RuvectorError `ERR_COLLECT_READ` on kernels without PSI or booted with psi=0, `ERR_COLLECT_PARSE`
 */
export function readPressure(reader: ProcReader, procRoot: string): Pressure {
  const read = (resource: string): PressureTotals => readTotals(reader, `${procRoot}/pressure/${resource}`);
  const [memory, io, cpu] = [read('memory'), read('io'), read('cpu')];
  return {
    psi_memory_some_us: memory.someUs,
    psi_memory_full_us: memory.fullUs,
    psi_io_some_us: io.someUs,
    psi_io_full_us: io.fullUs,
    psi_cpu_some_us: cpu.someUs,
  };
}

function readTotals(reader: ProcReader, path: string): PressureTotals {
  let bytes: Uint8Array;
  try {
    bytes = reader.read(path);
  } catch (error) {
    throw readError(path, error);
  }
  return parsePressure(bytes);
}

/** Parses the text of one pressure file. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parsePressure(bytes: Uint8Array): PressureTotals {
  const text = toLatin1(bytes);
  const someUs = findTotal(text, 'some ');
  if (someUs === null) throw parseError('/proc/pressure', text);
  return { someUs, fullUs: findTotal(text, 'full ') };
}

function findTotal(text: string, kind: 'some ' | 'full '): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(kind));
  const at = line?.lastIndexOf('total=') ?? -1;
  return line === undefined || at < 0 ? null : parseDigits(line.slice(at + 'total='.length).trim());
}
