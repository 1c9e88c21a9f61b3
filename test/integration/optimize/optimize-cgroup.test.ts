import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCgroupActuator, createHostReaders } from '../../../src/optimize/index.ts';
import type { TargetPlan } from '../../../src/optimize/index.ts';
import { buildReclaimBackend } from '../../../src/optimize/reclaim-backend.ts';
import { buildPlan } from '../../support/optimize/optimize-host.ts';

// A folder of plain files stands for the cgroup: what is written is what the kernel would be asked.
// On a real cgroup v2 the kernel answers; that needs a host with the memory controller on v2.
const readers = {
  ...createHostReaders(),
  readBackend: () => Promise.resolve(buildReclaimBackend([], false)),
};
const signal = new AbortController().signal;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memopt-cgroup-'));
  await writeFile(join(folder, 'memory.current'), '1048576\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const planOf = (budgetBytes: number): TargetPlan =>
  buildPlan({
    target: { kind: 'cgroup', path: folder },
    actuator: 'cgroup_reclaim',
    budgetBytes,
    bytes: budgetBytes,
  });

describe('createCgroupActuator()', () => {
  it('says that a cgroup without memory.reclaim cannot be reclaimed from', async () => {
    const reason = await createCgroupActuator({ readers }).canAct(planOf(1).target);
    expect(reason).toContain('it has no memory.reclaim');
  });

  it('asks for the bytes, step by step, and spares anonymous memory where it frees nothing', async () => {
    await writeFile(join(folder, 'memory.reclaim'), '');
    const actuator = createCgroupActuator({ readers, stepBytes: 4096 });
    expect(await actuator.canAct(planOf(1).target)).toBeNull();
    const result = await actuator.act(planOf(10_000), signal);
    expect(result).toMatchObject({ advisedBytes: 10_000, rssDropBytes: 0 });
    expect(await readFile(join(folder, 'memory.reclaim'), 'utf8')).toBe('1808 swappiness=0');
  });

  it('reports a cgroup that was removed as data', async () => {
    await rm(folder, { recursive: true });
    const result = await createCgroupActuator({ readers }).act(planOf(4096), signal);
    expect(result.error).toMatchObject({ code: 'ERR_OPTIMIZE_RECLAIM' });
  });

  it('stops between steps when it is aborted', async () => {
    await writeFile(join(folder, 'memory.reclaim'), '');
    const result = await createCgroupActuator({ readers }).act(
      planOf(4096),
      AbortSignal.abort(new Error('enough')),
    );
    expect(result).toMatchObject({ advisedBytes: 0, error: { message: 'enough' } });
  });
});
