// Metrics of the daemon as a process, by the names every Prometheus client uses.
import { counter, gauge } from './metric.ts';
import type { Metric } from './metric.ts';

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
