// What a history does when its disk fills up under it, on a real small disk.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, '../../support/store/disk-trial.ts');
const root = mkdtempSync(join(tmpdir(), 'ruvector-full-disk-'));

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Runs a command with a tmpfs of its own over `root`: nobody else sees the mount, and it is gone with the command. */
function runOnSmallDisk(...command: string[]): ReturnType<typeof spawnSync> {
  const mount = `mount -t tmpfs -o size=1m none "${root}"; exec "$@"`;
  return spawnSync('unshare', ['-rm', 'bash', '-ec', mount, '-', ...command], { encoding: 'utf8' });
}

const hasSmallDisk = runOnSmallDisk('true').status === 0;

interface Trial {
  readonly refused: { readonly problem: { readonly code: string; readonly message: string } };
  readonly full: { readonly pendingRows: number; readonly droppedRows: number; readonly told: number };
  readonly cpuShare: number;
  readonly resumed: { readonly problem: null; readonly sinceMs: null; readonly droppedRows: number };
  readonly resumedAfterMs: number;
  readonly missing: number;
  readonly isInOrderOnce: boolean;
  readonly rows: { readonly onFullDisk: number; readonly final: number };
  readonly problems: number;
  readonly sealing: object;
}

describe('a full disk', () => {
  it.runIf(hasSmallDisk)(
    'openHistory() bounds what waits, writes again once there is room and keeps every durable row once when its disk fills up twice and it is killed',
    () => {
      const { status, stdout, stderr } = runOnSmallDisk(process.execPath, script, 'drive', root);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const trial = JSON.parse(String(stdout)) as Trial;
      expect(trial.refused.problem.code).toBe('ERR_STORE_DISK_FULL');
      expect(trial.refused.problem.message).toContain('free some space');
      expect(trial.full.pendingRows).toBeLessThanOrEqual(200);
      expect(trial.full.droppedRows).toBeGreaterThan(0);
      // One each for the code of the flush and, if it was due just then, of sealing.
      expect(trial.full.told).toBeLessThanOrEqual(2);
      // 200 rows a second are still checked and appended, which takes most of this.
      expect(trial.cpuShare).toBeLessThan(0.5);
      expect(trial.resumed).toMatchObject({ problem: null, sinceMs: null });
      expect(trial.resumedAfterMs).toBeLessThan(15_000);
      // What is missing is what was given up, to the row.
      expect(trial.missing).toBe(trial.resumed.droppedRows);
      expect(trial.isInOrderOnce).toBe(true);
      expect(trial.problems).toBe(0);
      expect(trial.sealing).toMatchObject({ code: 'ERR_STORE_DISK_FULL', isLogKept: true, walBytes: 0 });
      expect(trial.rows.final).toBe(trial.rows.onFullDisk + 500);
    },
  );

  it('openHistory() names the limit of open files and how to raise it when none is left', () => {
    const limited = ['-c', 'ulimit -n 64; exec "$@"', '-', process.execPath, script, 'open-files', root];
    const { stdout } = spawnSync('bash', limited, { encoding: 'utf8' });
    const { message } = JSON.parse(stdout) as { message: string };
    expect(message).toContain('limit of open files (EMFILE)');
    expect(message).toContain('LimitNOFILE=');
  });
});
