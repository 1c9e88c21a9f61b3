// The collector: one sample of memory and, when due, of the processes. A part that fails is data
// (null columns, success 0, its last error), never an outage. https://github.com/prometheus/node_exporter
import { systemClock } from '../core/index.ts';
import type { Clock, MemorySnapshot, ProcessRecord } from '../core/index.ts';
import { guardRow } from './column-range.ts';
import { collectorClosedError, noMemoryError, noProcessesError, optionError } from './errors.ts';
import type { CollectorHealth } from './health.ts';
import { PartNotes } from './part-notes.ts';
import type { ProcessScan } from './process-scan.ts';
import { createProcfsSource } from './procfs-source.ts';
import { buildSnapshot, hasTotals } from './snapshot.ts';
import type { MemoryColumns, MemoryReader, SampleSource } from './source.ts';

/** One sample of the host. */
export interface Sample {
  readonly memory: MemorySnapshot;
  /** When it was begun, on the monotonic clock: the distance of two samples, whatever their timestamps say. */
  readonly monotonicMs: number;
  /** Processes that own memory; null when the scan was not due or failed. */
  readonly processes: ProcessRecord[] | null;
  /** One entry a part; `processes` keeps the entry of its last scan. */
  readonly health: CollectorHealth[];
}

/** All processes cost more than the host's memory: they are scanned less often than it is sampled. */
export const DEFAULT_PROCESS_INTERVAL_MS = 10_000;

/** Options of {@link createCollector}. */
export interface CollectorOptions {
  /** @default '/proc' */
  readonly procRoot?: string;
  /** @default '/sys/fs/cgroup'; for another procRoot than '/proc' what its self/mountinfo says */
  readonly cgroupRoot?: string;
  /** Time between process scans; 0 scans in every sample. @default DEFAULT_PROCESS_INTERVAL_MS */
  readonly processIntervalMs?: number;
  /**
   * How many of the largest processes get private_kib and swap_kib. Those of a large process are not
   * read in every scan, so that reading them stays below 0.1 % of a core each. @default 5
   */
  readonly smapsTop?: number;
  /** `systeminformation` works on every system but is dearer and knows less. @default 'procfs' on Linux */
  readonly source?: 'procfs' | 'systeminformation';
  /** @default the host's clock */
  readonly clock?: Clock;
}

/** Samples one host. */
export interface Collector extends AsyncDisposable {
  /**
   * Takes one sample; calls that overlap run one after the other.
   * @throws RuvectorError `ERR_COLLECT_NO_MEMORY` without total or available memory,
   *   `ERR_COLLECT_NO_PROCESSES` when processes cannot be counted (both with `details.health`), `ERR_COLLECT_CLOSED`
   */
  sample(): Promise<Sample>;
  /** Closes the files kept open. */
  close(): Promise<void>;
}

/**
 * Creates a collector for this host.
 * @throws RuvectorError `ERR_COLLECT_OPTION`
 */
export async function createCollector(options: CollectorOptions = {}): Promise<Collector> {
  const { clock = systemClock, processIntervalMs = DEFAULT_PROCESS_INTERVAL_MS, smapsTop = 5 } = options;
  checkOption('processIntervalMs', processIntervalMs, Number.isFinite(processIntervalMs));
  checkOption('smapsTop', smapsTop, Number.isInteger(smapsTop));
  const source = await createSource(options, { processIntervalMs, smapsTop, clock });
  const takeSample = createSampler(source, processIntervalMs, clock);
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  async function close(): Promise<void> {
    isClosed = true;
    await last.catch(() => undefined); // its caller has the error
    source.close();
  }

  return {
    sample() {
      if (isClosed) return Promise.reject(collectorClosedError());
      const sample = last.then(takeSample, takeSample);
      last = sample;
      return sample;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkOption(name: string, value: number, isRight: boolean): void {
  if (!isRight || value < 0) throw optionError(name, value, 'a number of 0 or more');
}

async function createSource(
  options: CollectorOptions,
  checked: Pick<Required<CollectorOptions>, 'processIntervalMs' | 'smapsTop' | 'clock'>,
): Promise<SampleSource> {
  const { procRoot = '/proc' } = options;
  const { cgroupRoot = procRoot === '/proc' ? '/sys/fs/cgroup' : null } = options;
  const kind = options.source ?? (process.platform === 'linux' ? 'procfs' : 'systeminformation');
  if (kind === 'procfs') return createProcfsSource({ procRoot, cgroupRoot, ...checked });
  // Loaded only where it is needed: it takes 30 ms and knows every system's tools.
  const { createSystemInformationSource } = await import('./system-information.ts');
  return createSystemInformationSource();
}

function createSampler(source: SampleSource, processIntervalMs: number, clock: Clock): () => Promise<Sample> {
  const parts = source.memory.map((part) => ({ part, notes: new PartNotes(part.name) }));
  const scanNotes = new PartNotes('processes');
  let dueAtMs = -Infinity;
  let topProcessRssKib: number | null = null;
  let scanHealth: CollectorHealth | null = null;

  async function scanIfDue(timestampMs: number): Promise<ProcessScan | null> {
    const monotonicMs = clock.monotonicMs();
    if (monotonicMs < dueAtMs) return null;
    // Ticks jitter: without slack a scan every 10 s at 1 Hz would slip to every 11th tick.
    dueAtMs = monotonicMs + processIntervalMs - Math.min(50, processIntervalMs / 10);
    const time = { timestampMs, monotonicMs };
    const scanned = await runPart(scanNotes, clock, () => source.scanProcesses(time, scanNotes));
    scanHealth = scanned.health;
    if (scanned.value) topProcessRssKib = largestRss(scanned.value.rows);
    return scanned.value;
  }

  return async () => {
    const timestampMs = Math.round(clock.nowMs());
    const monotonicMs = clock.monotonicMs();
    const health: CollectorHealth[] = [];
    const columns: MemoryColumns = {};
    for (const { part, notes } of parts) {
      const result = await runPart(notes, clock, () => readGuarded(part, notes));
      Object.assign(columns, result.value ?? part.empty);
      health.push(result.health);
    }
    const scan = await scanIfDue(timestampMs);
    if (scanHealth) health.push(scanHealth);
    if (!hasTotals(columns)) throw noMemoryError(health);
    const processCount = scan?.count ?? (await countProcesses(source, health));
    const memory = buildSnapshot(columns, { timestampMs, processCount, topProcessRssKib });
    return { memory, monotonicMs, processes: scan?.rows ?? null, health };
  };
}

/** A part's columns, each of them null that cannot be what it says. */
async function readGuarded(part: MemoryReader, notes: PartNotes): Promise<MemoryColumns> {
  const columns = await part.read(notes);
  guardRow(columns, notes.bad);
  return columns;
}

async function runPart<T>(
  notes: PartNotes,
  clock: Clock,
  read: () => T | Promise<T>,
): Promise<{ value: T | null; health: CollectorHealth }> {
  const startMs = clock.monotonicMs();
  let value: T | null = null;
  notes.begin();
  try {
    value = await read();
  } catch (error) {
    notes.failed(error);
  }
  return { value, health: notes.health(clock.monotonicMs() - startMs) };
}

function largestRss(rows: readonly ProcessRecord[]): number | null {
  return rows.length === 0 ? null : rows.reduce((most, row) => Math.max(most, row.rss_kib), 0);
}

async function countProcesses(source: SampleSource, health: readonly CollectorHealth[]): Promise<number> {
  try {
    return await source.countProcesses();
  } catch (error) {
    throw noProcessesError(health, error);
  }
}
