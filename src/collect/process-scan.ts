// Scans the processes of /proc. A process that ends while it is read is skipped without a word;
// one that may not be read keeps null fields. Kernel threads and zombies own no memory: counted, not listed.
import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../core/index.ts';
import type { Clock, ProcessRecord } from '../core/index.ts';
import { readError } from './errors.ts';
import { readKernelThreads } from './kernel-threads.ts';
import { createSmapsReader } from './largest-smaps.ts';
import { emptyIo, emptySmaps, parseProcessIo, parseProcessStat, parseProcessStatm } from './process-files.ts';
import type { ProcessIo } from './process-files.ts';
import { isDenied, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';
import type { SystemConstants } from './system-constants.ts';

/** One scan of all processes. */
export interface ProcessScan {
  readonly rows: ProcessRecord[];
  /** Entries of /proc, kernel threads and zombies included. */
  readonly count: number;
  /** Why a process that still exists is missing from `rows`, null when none is. */
  readonly lastError: string | null;
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
  scan(time: ScanTime): Promise<ProcessScan>;
}

interface SeenProcess {
  readonly startTimeTicks: number;
  readonly cpuMs: number;
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

  function readRow(pid: number, time: ScanTime, next: Map<number, SeenProcess>): ProcessRecord | null {
    const folder = `${procRoot}/${pid}`;
    // statm first: it is the cheapest and says whether there is memory to report.
    const { sizePages, residentPages, sharedPages } = parseProcessStatm(reader.read(`${folder}/statm`));
    if (sizePages === 0) return null;
    const stat = parseProcessStat(reader.read(`${folder}/stat`));
    const before = seen.get(pid);
    const known = before?.startTimeTicks === stat.startTimeTicks ? before : undefined;
    // A denied read costs 10 times a good one (the error is built), so it is not tried again.
    const io = known?.canReadIo === false ? null : readIo(reader, folder);
    const cpuMs = stat.cpuTicks * constants.tickMs;
    const { startTimeTicks } = stat;
    next.set(pid, { startTimeTicks, cpuMs, monotonicMs: time.monotonicMs, canReadIo: io !== null });
    return {
      timestamp: time.timestampMs,
      pid,
      name: stat.name,
      rss_kib: residentPages * constants.pageKib,
      shared_kib: sharedPages * constants.pageKib,
      ...emptySmaps,
      cpu_percent: known ? cpuPercent(known, cpuMs, time.monotonicMs) : null,
      cpu_time_ms: cpuMs,
      ...(io ?? emptyIo),
      minor_faults: stat.minorFaults,
      major_faults: stat.majorFaults,
      threads: stat.threads,
      start_time_ticks: startTimeTicks,
    };
  }

  async function scan(time: ScanTime): Promise<ProcessScan> {
    const pids = readPids(procRoot);
    const kernelThreads = readKernelThreads(reader, procRoot);
    const next = new Map<number, SeenProcess>();
    const rows: ProcessRecord[] = [];
    let lastError: string | null = null;
    for (const [index, pid] of pids.entries()) {
      if (index % PROCESSES_A_TURN === PROCESSES_A_TURN - 1) await nextTurn();
      if (kernelThreads.has(pid)) continue;
      try {
        const row = readRow(pid, time, next);
        if (row) rows.push(row);
      } catch (error) {
        if (!isGone(error) && !isDenied(error)) lastError = `Cannot read process ${pid}: ${messageOf(error)}`;
      }
    }
    try {
      fillSmaps(findLargest(rows, smapsTop));
    } catch (error) {
      lastError = messageOf(error);
    }
    seen = next;
    reader.sweep();
    return { rows, count: pids.length, lastError };
  }

  return { scan };
}

/** Reads the pids below `procRoot`. @throws RuvectorError `ERR_COLLECT_READ` */
export function readPids(procRoot: string): number[] {
  let names: string[];
  try {
    names = readdirSync(procRoot);
  } catch (error) {
    throw readError(procRoot, error);
  }
  const pids: number[] = [];
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first >= 0x30 && first <= 0x39) pids.push(Number(name));
  }
  return pids;
}

// Null when this user may not read it or the kernel keeps no such account.
function readIo(reader: ProcReader, folder: string): ProcessIo | null {
  try {
    return parseProcessIo(reader.read(`${folder}/io`));
  } catch (error) {
    if (isGone(error) || isDenied(error)) return null;
    throw error;
  }
}

function cpuPercent(before: SeenProcess, cpuMs: number, monotonicMs: number): number | null {
  const elapsedMs = monotonicMs - before.monotonicMs;
  const percent = ((cpuMs - before.cpuMs) / elapsedMs) * 100;
  return elapsedMs > 0 && Number.isFinite(percent) ? Math.max(0, percent) : null;
}

function findLargest(rows: readonly ProcessRecord[], count: number): ProcessRecord[] {
  return [...rows].sort((a, b) => b.rss_kib - a.rss_kib).slice(0, count);
}
