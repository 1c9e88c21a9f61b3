// Small files of /proc and /sys. The kernel makes them up in memory, so reading at once costs some µs, where a turn
// through the thread pool costs ten times as much.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { systemCodeOf } from '../core/plain/index.ts';

/** No such file, its process ended, its cgroup or device was removed. */
const goneCodes = new Set(['ENOENT', 'ESRCH', 'ENODEV']);

function nullIfGone(error: unknown): null {
  if (goneCodes.has(systemCodeOf(error) ?? '')) return null;
  throw error;
}

/** Null when there is no such file (any more). @throws other system errors */
export function readOrNull(path: string): string | null {
  return readBytesOrNull(path)?.toString() ?? null;
}

/** The same as bytes, for what is no text. */
export function readBytesOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    return nullIfGone(error);
  }
}

/** The same for files that the kernel walks page tables for, which takes milliseconds: in the thread pool. */
export async function readSlowly(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(nullIfGone);
}

/** Null also when this user may not read it, or it cannot be read for whatever reason. */
export function readIfPossible(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
