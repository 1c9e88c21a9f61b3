// What a trainer may take of memory: a limit for the process, which it sets on itself (python/src/ruvector/trainer/_memory.py),
// and how an end for want of memory is told from others.
import { readFileSync } from 'node:fs';

const LIMIT = 'RUVECTOR_TRAINER_MEMORY_BYTES';
/** Of what is available when it starts. */
const SHARE = 0.8;
/** The libraries alone take half of it. */
const LEAST_BYTES = 2 ** 30;
/** What libraries write when an allocation fails and they end the process. */
const WORDS = /bad_alloc|MemoryError|cannot allocate memory|can't allocate memory|out of memory/i;

/** Bytes that a trainer may allocate beside what this host does; undefined where that cannot be told. */
export function chooseMemoryLimit(): number | undefined {
  const bytes = process.availableMemory();
  return bytes > 0 ? Math.max(LEAST_BYTES, Math.floor(bytes * SHARE)) : undefined;
}

/** The limit as the process is told. */
export function describeMemoryLimit(bytes: number | undefined): Record<string, string> {
  return bytes === undefined ? {} : { [LIMIT]: String(bytes) };
}

/** Processes that the kernel ended for want of memory since it booted; 0 where it does not say. */
export function countKernelKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** True for a process that ended by a signal because it, or the host, ran out of memory. */
export function hasDiedOfMemory(signal: NodeJS.Signals | null, log: string, killsBefore: number): boolean {
  if (signal === 'SIGKILL') return countKernelKills() > killsBefore;
  return signal !== null && WORDS.test(log.split('\n').slice(-5).join('\n'));
}
