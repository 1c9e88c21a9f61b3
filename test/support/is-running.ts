// Whether a process still does something.
import { readFileSync } from 'node:fs';

/** False when it has ended, also while nobody has waited for it (a zombie). */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
