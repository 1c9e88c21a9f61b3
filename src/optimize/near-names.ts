// Process names near to one that nobody has: cut, misspelt, another case, or with its path.
import { countEdits } from '../core/index.ts';
import { cutName } from '../procfs/index.ts';

const MAX_SUGGESTIONS = 3;

/** The nearest names, best first; none when nothing is near. */
export function findNearNames(name: string, names: readonly string[]): string[] {
  const wanted = cutName(name.slice(name.lastIndexOf('/') + 1)).toLowerCase();
  return names
    .map((other) => ({ other, distance: distanceOf(wanted, other.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(wanted.length < 5 ? 1 : 2, Math.floor(wanted.length / 4)))
    .toSorted((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ other }) => other);
}

// A name that begins or ends with the other is near: redis and redis-server, node and node-24.
function distanceOf(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  if (shorter >= 3 && (a.startsWith(b) || b.startsWith(a) || a.endsWith(b) || b.endsWith(a)))
    return Math.abs(a.length - b.length) > 0 ? 0.5 : 0;
  return countEdits(a, b);
}
