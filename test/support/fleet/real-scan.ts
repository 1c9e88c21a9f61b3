// Process records of this very machine, as many as are wanted: real ones, with other pids where there are fewer.
import { createCollector } from '../../../src/collect/index.ts';
import type { ProcessRecord } from '../../../src/core/index.ts';

/** Scans once. */
export async function readScan(count: number): Promise<ProcessRecord[]> {
  await using collector = await createCollector();
  const { processes } = await collector.sample();
  if (!processes?.length) throw new Error('no process was seen');
  return Array.from({ length: count }, (_, i) => ({
    ...processes[i % processes.length]!,
    pid: 1000 + i,
  }));
}
