// Whether an export goes to where this command prints: `-`, /dev/stdout, or the same file, pipe or terminal by
// another name.
import { fstatSync } from 'node:fs';
import { locateDestination } from '../../files/index.ts';

/** True when what is written there and what is printed would be mixed. */
export async function isStandardOutput(path: string): Promise<boolean> {
  const { descriptor, stats } = await locateDestination(path);
  if (descriptor !== null) return descriptor === 1 || isSame(stats!, fstatSync(1));
  return stats !== null && isSame(stats, fstatSync(1));
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

const isSame = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;
