// What the daemon takes itself. Not prom-client's collectDefaultMetrics: its event loop monitor wakes the process a
// hundred times a second, which is more than sampling at 1 Hz costs.
import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseOpenFilesLimit, readIfPossible } from '../../procfs/index.ts';

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

const maxFds = parseOpenFilesLimit(readIfPossible('/proc/self/limits') ?? '');

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
