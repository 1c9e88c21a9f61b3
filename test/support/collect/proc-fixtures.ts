// The checked-in trees of /proc and cgroup files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Root of one fixture tree: modern, legacy, garbage or no-memory. */
export function fixtureRoots(name: string): { procRoot: string; cgroupRoot: string } {
  const root = join(import.meta.dirname, '../../fixtures/proc', name);
  return { procRoot: join(root, 'proc'), cgroupRoot: join(root, 'cgroup') };
}

/** Bytes of one file of a tree, e.g. `modern/proc/meminfo`. */
export function fixtureBytes(path: string): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../../fixtures/proc', path));
}

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Notes that a test can look at. */
export function createNoteBook() {
  const noted: [column: string, text: string][] = [];
  const failures: unknown[] = [];
  return {
    noted,
    failures,
    bad: (column: string, text: string) => void noted.push([column, text]),
    failed: (error: unknown) => void failures.push(error),
  };
}
