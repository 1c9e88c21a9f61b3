// What the daemon takes itself, by the names every Prometheus client uses. Not prom-client's collectDefaultMetrics:
// its event loop monitor wakes the process a hundred times a second, which is more than sampling at 1 Hz costs.
import { readFileSync, readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { counter, gauge } from './metric.ts';
import type { Metric } from './metric.ts';

/** Figures of this process. */
export interface OwnProcess {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapTotalBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Null where /proc has none. */
  readonly openFds: number | null;
  readonly maxFds: number | null;
  /** How long a turn of the event loop took when the page was asked for. */
  readonly lagSeconds: number;
  /** Time the event loop was busy since the start of the process. */
  readonly loopActiveSeconds: number;
  readonly startedMs: number;
  readonly nodeVersion: string;
}

const maxFds = readMaxFds();

/** Looks at this process. */
export async function readOwnProcess(): Promise<OwnProcess> {
  const before = performance.now();
  await nextTurn();
  const lagSeconds = (performance.now() - before) / 1000;
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: rss,
    heapTotalBytes: heapTotal,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    openFds: countOpenFds(),
    maxFds,
    lagSeconds,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
    startedMs: performance.timeOrigin,
    nodeVersion: process.versions.node,
  };
}

function countOpenFds(): number | null {
  try {
    // One of them is the folder that is read.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}

function readMaxFds(): number | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}

/** Metrics of the daemon as a process. */
export const processMetrics: readonly Metric[] = [
  counter('process_cpu_seconds_total', 'CPU time of the daemon, all threads.', ({ own }) => own.cpuSeconds),
  gauge('process_resident_memory_bytes', 'Resident memory of the daemon.', ({ own }) => own.rssBytes),
  gauge('process_start_time_seconds', 'Start of the daemon, Unix time.', ({ own }) => own.startedMs / 1000),
  gauge('process_open_fds', 'Open file descriptors.', ({ own }) => own.openFds),
  gauge('process_max_fds', 'Most file descriptors that may be open.', ({ own }) => own.maxFds),
  gauge(
    'nodejs_heap_size_total_bytes',
    'Heap of the main thread, reserved.',
    ({ own }) => own.heapTotalBytes,
  ),
  gauge('nodejs_heap_size_used_bytes', 'Heap of the main thread, in use.', ({ own }) => own.heapUsedBytes),
  gauge(
    'nodejs_external_memory_bytes',
    'Memory outside the heap that it keeps alive.',
    ({ own }) => own.externalBytes,
  ),
  gauge(
    'nodejs_eventloop_lag_seconds',
    'One turn of the event loop, when the page was asked for.',
    ({ own }) => own.lagSeconds,
  ),
  counter(
    'nodejs_eventloop_active_seconds_total',
    'Time the event loop was busy.',
    ({ own }) => own.loopActiveSeconds,
  ),
];
