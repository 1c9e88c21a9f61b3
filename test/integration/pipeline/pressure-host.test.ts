// Pressure as this host has it.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createPressureHandler, readMemoryPressure } from '../../../src/pipeline/index.ts';

const script = join(import.meta.dirname, '../../support/pipeline/resident-thread.ts');
const MIB = 1024 * 1024;

describe('createPressureHandler()', () => {
  it('update() shrinks when this process grows over its size, and recovers when it is small again', async () => {
    const before = readMemoryPressure();
    const maxRssBytes = before.rssBytes + 100 * MIB;
    // The host and its cgroups may be busy with other things: only the size of this process is asked for.
    const read = (): typeof before => ({ ...readMemoryPressure(), hostStallUs: null, cgroup: null });
    const handler = createPressureHandler({ read, maxRssBytes: maxRssBytes * 1.2 });
    expect(handler.update()).toBe(1);
    const worker = new Worker(script, { workerData: 400 * MIB, execArgv: [] });
    await once(worker, 'message');
    expect([handler.update(), handler.update()]).toEqual([0.5, 0.25]);
    await worker.terminate();
    const factors = Array.from({ length: 8 }, () => handler.update());
    expect(factors.at(-1)).toBe(1);
  });

  it('readMemoryPressure() finds what the kernel of this host counts', () => {
    const { hostStallUs, cgroup, rssBytes } = readMemoryPressure();
    expect(hostStallUs === null).toBe(!existsSync('/proc/pressure/memory'));
    if (hostStallUs !== null) expect(readMemoryPressure().hostStallUs).toBeGreaterThanOrEqual(hostStallUs);
    expect(rssBytes).toBeGreaterThan(10 * MIB);
    if (cgroup !== null) {
      expect(cgroup.limitBytes).toBeGreaterThan(0);
      expect(cgroup.usedBytes).toBeLessThanOrEqual(cgroup.limitBytes * 1.01);
    }
  });
});
