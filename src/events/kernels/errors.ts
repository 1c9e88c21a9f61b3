// Errors of the kernels and their workers.
import { adviseOn, RuvectorError } from '../../core/plain/index.ts';

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

/** A block that cannot be read, or that the file does not hold any more, code `ERR_EVENTS_READ`. */
export function blockReadError(source: string, byte: number, isCut: boolean, cause: unknown): RuvectorError {
  const { state, nextStep } = isCut
    ? { state: 'the file became shorter while it was read', nextStep: 'read it again when nobody changes it' }
    : adviseOn(cause);
  return new RuvectorError(
    'ERR_EVENTS_READ',
    `Cannot read recording "${source}": byte ${String(byte)}: ${state}; ${nextStep}`,
    { cause, details: { source, byte } },
  );
}

/** A limit that has no room for the smallest blocks, code `ERR_EVENTS_MEMORY`. */
export function workerMemoryError(source: string, limitBytes: number, leastBytes: number): RuvectorError {
  const leastMb = Math.ceil(leastBytes / 2 ** 20);
  return new RuvectorError(
    'ERR_EVENTS_MEMORY',
    `Cannot decode "${source}" in workers: ${String(limitBytes)} bytes hold no blocks for them; allow at least ${String(leastMb)} MiB`,
    { details: { source, leastMb } },
  );
}
