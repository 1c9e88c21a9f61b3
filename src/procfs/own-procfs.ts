// Whether a folder is a procfs, and whether its processes are those this process can act on.
import { readlinkSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

// include/uapi/linux/magic.h
const PROC_SUPER_MAGIC = 0x9fa0;

/** True for a mounted procfs, false for a copy of one. */
export function isProcfs(path: string): boolean {
  try {
    return statfsSync(path).type === PROC_SUPER_MAGIC;
  } catch {
    return false;
  }
}

/** True for a procfs whose process ids mean the same as this process's own. */
export function isOwnProcfs(path: string): boolean {
  try {
    return isProcfs(path) && readlinkSync(join(path, 'self')) === String(process.pid);
  } catch {
    return false;
  }
}
