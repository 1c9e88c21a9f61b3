// An OOM kill inside a small memory cgroup, for real: the host has plenty of memory, so that it is no outcome of the
// host. Needs to be allowed to make memory cgroups (root; version 1, or version 2 with the controller handed down).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createPressureCgroup } from '../../../src/app/demo/pressure-cgroup.ts';
import type { PressureCgroup } from '../../../src/app/demo/pressure-cgroup.ts';
import { createCollector } from '../../../src/collect/index.ts';
import { labels } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { labelSnapshots } from '../../../src/prepare/index.ts';

const LIMIT_BYTES = 48 * 2 ** 20;
const HORIZON_MS = 1500;
let cgroup: PressureCgroup | null = null;

/**
 * Removes the cgroup when this process is gone, however it went: then its end of the pipe is closed. Who is in the
 * cgroup ends by itself, at its limit.
 */
function removeAfterUs(path: string): void {
  const script =
    'cat > /dev/null; n=0; while [ -d "$1" ] && [ $n -lt 300 ]; do rmdir "$1" || sleep 0.1; n=$((n+1)); done';
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const guard = spawn('sh', ['-c', script, 'sh', path], { stdio: [...stdio], detached: true });
  guard.unref();
  (guard.stdin as Socket).unref();
}

function makeCgroup(): PressureCgroup | null {
  cgroup = createPressureCgroup(LIMIT_BYTES);
  if (cgroup) removeAfterUs(cgroup.path);
  return cgroup;
}

const trial = makeCgroup();
await trial?.remove();

afterEach(async () => {
  await cgroup?.remove();
  cgroup = null;
});

/** Goes into the cgroup first, then grows; the ulimit ends it if the limit should not hold. */
async function growUntilKilled(path: string): Promise<NodeJS.Signals | null> {
  const script = 'ulimit -v 1048576; echo $$ > "$1" && exec tail /dev/zero';
  const child = spawn('sh', ['-c', script, 'sh', join(path, 'cgroup.procs')], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return signal;
}

/** Samples at 10 Hz while `work` runs and for a horizon before and after it. */
async function sampleAround<T>(work: () => Promise<T>): Promise<{ rows: MemorySnapshot[]; result: T }> {
  await using collector = await createCollector();
  const rows: MemorySnapshot[] = [];
  const stop = new AbortController();
  const sampling = (async () => {
    while (!stop.signal.aborted) {
      rows.push((await collector.sample()).memory);
      await sleep(100);
    }
  })();
  try {
    await sleep(HORIZON_MS);
    const result = await work();
    await sleep(2 * HORIZON_MS);
    return { rows, result };
  } finally {
    stop.abort();
    await sampling;
  }
}

const labelOf = (rows: readonly MemorySnapshot[]) => [...labelSnapshots(rows, { horizonMs: HORIZON_MS })];

describe.skipIf(trial === null)('labelSnapshots() when a process is killed in a small memory cgroup', () => {
  it('does not make it the outcome of a host with memory left, but of one that is short', async () => {
    const { path } = makeCgroup()!;
    const { rows, result: signal } = await sampleAround(() => growUntilKilled(path));
    expect(signal).toBe('SIGKILL');
    expect(rows.at(-1)!.oom_kill!).toBeGreaterThan(rows[0]!.oom_kill!);
    expect(Math.min(...rows.map((row) => row.mem_available_kib / row.mem_total_kib))).toBeGreaterThan(0.2);
    // Whatever else happens on this machine meanwhile: the kill changes nothing.
    const withoutKill = labelOf(rows.map((row) => ({ ...row, oom_kill: rows[0]!.oom_kill })));
    expect(labelOf(rows)).toEqual(withoutKill);
    const short = rows.map((row) => ({ ...row, mem_available_kib: Math.round(row.mem_total_kib * 0.08) }));
    expect(labelOf(short)).toContain(labels.indexOf('Critical'));
    // This process's own cgroup lost nobody.
    expect(rows.at(-1)!.cgroup_oom_kill).toBe(rows[0]!.cgroup_oom_kill);
  });
});
