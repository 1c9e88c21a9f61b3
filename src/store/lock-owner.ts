// Who holds a lock of lock.ts, for the error text. The kernel's own list is asked first; lock.json, which the owner
// wrote, counts only while the very process that wrote it lives: pids are given again.
// https://man7.org/linux/man-pages/man5/proc_locks.5.html
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readStartTicks } from '../core/index.ts';

/** Notes this process as the owner. */
export function writeOwner(ownerPath: string): void {
  try {
    const owner = { pid: process.pid, startTicks: readStartTicks(process.pid) };
    writeFileSync(ownerPath, JSON.stringify(owner), { mode: 0o600 });
  } catch {
    // Only the text of someone else's error; the lock itself is held.
  }
}

/** The process that holds the lock; null when nothing tells. */
export function findOwnerPid(lockPath: string, ownerPath: string): number | null {
  return findLocker(lockPath) ?? readOwnerPid(ownerPath);
}

function findLocker(lockPath: string): number | null {
  try {
    return parseLockers(readFileSync('/proc/locks', 'utf8'), statSync(lockPath).ino);
  } catch {
    return null;
  }
}

/**
 * The process that has a write lock on the inode. The device is left aside: overlay and btrfs show another one here
 * than stat does, and only one file of this inode is a lock that somebody waits for.
 */
export function parseLockers(locks: string, inode: number): number | null {
  for (const line of locks.split('\n')) {
    const [, pid, ino] = /^\d+: POSIX +\S+ +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? [];
    // 0: a process of another container, which has no number here.
    if (Number(ino) === inode && pid !== '0') return Number(pid);
  }
  return null;
}

function readOwnerPid(ownerPath: string): number | null {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(ownerPath, 'utf8')) as Record<string, unknown>;
    if (typeof pid !== 'number') return null;
    const isSame = startTicks === null || startTicks === readStartTicks(pid);
    return isSame ? pid : null;
  } catch {
    return null;
  }
}
