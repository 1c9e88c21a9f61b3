// Scans the processes of /proc. A process that ends while it is read is skipped without a word;
// one that may not be read keeps null fields. Kernel threads and zombies own no memory: counted, not listed.
import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../core/index.ts';
import type { Clock, ProcessRecord } from '../core/index.ts';
import { parsePids, readCommandName } from '../procfs/index.ts';
import type { SystemConstants } from '../procfs/index.ts';
import { guardRow } from './column-range.ts';
import { parseError, readError } from './errors.ts';
import { readKernelThreads } from './kernel-threads.ts';
import { toLatin1 } from './keyed-numbers.ts';
import { createSmapsReader } from './largest-smaps.ts';
import { emptyIo, emptySmaps, parseProcessIo, checkProcessStat, checkProcessStatm } from './process-files.ts';
import type { ProcessIo } from './process-files.ts';
import type { Notes } from './part-notes.ts';
import { isDenied, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';

/** One scan of all processes. */
export interface ProcessScan {
  readonly rows: ProcessRecord[];
  /** Entries of /proc, kernel threads and zombies included. */
  readonly count: number;
}

/** When a scan happens. */
export interface ScanTime {
  /** Wall time written into the rows, ms since epoch. */
  readonly timestampMs: number;
  /** Monotonic time between scans, for CPU shares. */
  readonly monotonicMs: number;
}

/** Options of {@link createProcessScanner}. */
export interface ProcessScannerOptions {
  readonly reader: ProcReader;
  readonly procRoot: string;
  readonly constants: SystemConstants;
  /** How many of the largest processes get private_kib and swap_kib. */
  readonly smapsTop: number;
  readonly clock: Clock;
}

/** Scans processes and remembers what the next scan needs of each. */
export interface ProcessScanner {
  scan(time: ScanTime, notes: Notes): Promise<ProcessScan>;
}

interface SeenProcess {
  /** Null names nobody: what was known of the pid is then another's. */
  readonly startTimeTicks: number | null;
  /** The kernel's name, and the one that was made of it. */
  readonly comm: string;
  readonly name: string;
  readonly cpuMs: number | null;
  readonly monotonicMs: number;
  readonly canReadIo: boolean;
}

// A scan of 5,000 processes takes 150 ms: the event loop gets a turn in between.
const PROCESSES_A_TURN = 50;

/** Creates a scanner. */
export function createProcessScanner(options: ProcessScannerOptions): ProcessScanner {
  const { reader, procRoot, constants, smapsTop } = options;
  const fillSmaps = createSmapsReader(options);
  let seen = new Map<number, SeenProcess>();

  function readRow(
    pid: number,
    time: ScanTime,
    next: Map<number, SeenProcess>,
    waiting: Set<number>,
    notes: Notes,
  ): ProcessRecord | null {
    const folder = `${procRoot}/${pid}`;
    // statm first: it is the cheapest and says whether there is memory to report.
    const statm = checkProcessStatm(reader.read(`${folder}/statm`), notes.bad);
    if (statm.sizePages === 0 || statm.residentPages === null) return null;
    const bytes = reader.read(`${folder}/stat`);
    const stat = checkProcessStat(bytes, notes.bad);
    if (stat === null) throw parseError('/proc/PID/stat', toLatin1(bytes));
    if (stat.state === 'D') waiting.add(pid);
    const { startTimeTicks } = stat;
    const before = startTimeTicks === null ? undefined : seen.get(pid);
    const known = before?.startTimeTicks === startTimeTicks ? before : undefined;
    // A denied read costs 10 times a good one (the error is built), so it is not tried again.
    const io = known?.canReadIo === false ? null : readIo(reader, folder, notes);
    const cpuMs = stat.cpuTicks === null ? null : stat.cpuTicks * constants.tickMs;
    const comm = stat.name;
    const name = nameOf(known, comm, folder);
    const { monotonicMs } = time;
    next.set(pid, { startTimeTicks, comm, name, cpuMs, monotonicMs, canReadIo: io !== null });
    const row: ProcessRecord = {
      timestamp: time.timestampMs,
      pid,
      name,
      rss_kib: statm.residentPages * constants.pageKib,
      shared_kib: statm.sharedPages === null ? null : statm.sharedPages * constants.pageKib,
      ...emptySmaps,
      cpu_percent: known ? cpuPercent(known, cpuMs, monotonicMs) : null,
      cpu_time_ms: cpuMs,
      ...(io ?? emptyIo),
      minor_faults: stat.minorFaults,
      major_faults: stat.majorFaults,
      threads: stat.threads,
      start_time_ticks: startTimeTicks,
    };
    return guardRow(row, notes.bad) ? row : null;
  }

  async function scan(time: ScanTime, notes: Notes): Promise<ProcessScan> {
    const pids = readPids(procRoot);
    const kernelThreads = readKernelThreads(reader, procRoot);
    const next = new Map<number, SeenProcess>();
    const rows: ProcessRecord[] = [];
    const waiting = new Set<number>();
    for (const [index, pid] of pids.entries()) {
      if (index % PROCESSES_A_TURN === PROCESSES_A_TURN - 1) await nextTurn();
      if (kernelThreads.has(pid)) continue;
      try {
        const row = readRow(pid, time, next, waiting, notes);
        if (row) rows.push(row);
      } catch (error) {
        if (isGone(error) || isDenied(error)) continue;
        notes.failed(new Error(`Cannot read process ${pid}: ${messageOf(error)}`));
      }
    }
    const largest = findLargest(rows, smapsTop);
    fillSmaps(largest, waiting, notes);
    for (const row of largest) guardRow(row, notes.bad);
    seen = next;
    reader.sweep();
    return { rows, count: pids.length };
  }

  return { scan };
}

/** Reads the pids below `procRoot`. @throws RuvectorError `ERR_COLLECT_READ` */
export function readPids(procRoot: string): number[] {
  try {
    return parsePids(readdirSync(procRoot));
  } catch (error) {
    throw readError(procRoot, error);
  }
}

// Looked up once, and again when the process renames itself.
const nameOf = (known: SeenProcess | undefined, comm: string, folder: string): string =>
  known?.comm === comm ? known.name : readCommandName(comm, folder);

// Null when this user may not read it or the kernel keeps no such account.
function readIo(reader: ProcReader, folder: string, notes: Notes): ProcessIo | null {
  const path = `${folder}/io`;
  try {
    return parseProcessIo(reader.read(path), notes);
  } catch (error) {
    if (isGone(error) || isDenied(error)) return null;
    notes.failed(readError(path, error));
    return emptyIo;
  }
}

// Time that was counted never falls: where it does, the count began anew.
function cpuPercent(before: SeenProcess, cpuMs: number | null, monotonicMs: number): number | null {
  const elapsedMs = monotonicMs - before.monotonicMs;
  if (cpuMs === null || before.cpuMs === null || cpuMs < before.cpuMs || elapsedMs <= 0) return null;
  const percent = ((cpuMs - before.cpuMs) / elapsedMs) * 100;
  return Number.isFinite(percent) ? percent : null;
}

function findLargest(rows: readonly ProcessRecord[], count: number): ProcessRecord[] {
  return [...rows].sort((a, b) => b.rss_kib - a.rss_kib).slice(0, count);
}
