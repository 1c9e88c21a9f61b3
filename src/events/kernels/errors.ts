// Errors of the kernels and their workers.
import { RuvectorError } from '../../core/index.ts';

/** The kernels' memory, 4 GiB at most, cannot grow, code `ERR_EVENTS_KERNEL_MEMORY`. */
export function kernelMemoryError(sizeBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_KERNEL_MEMORY',
    `Cannot allocate "${String(sizeBytes)}" bytes for events: the shared memory cannot grow so far; use smaller chunks or a lower memory limit`,
    { details: { sizeBytes } },
  );
}

/** A worker ended before its block was decoded, code `ERR_EVENTS_WORKER`. */
export function eventWorkerError(source: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_WORKER',
    `Cannot decode "${source}": ${state}; read again, or with workers: 0 to decode in this thread`,
    { cause },
  );
}
