// Ray and Flower under faults that `npm test` has no time for: the tests of python/tests/engines that are marked `soak`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { python } from '../support/python.ts';

/** Runs them once; resolves with whether all hold. */
export function runEngines(): Promise<boolean> {
  const { status } = spawnSync(python, ['-m', 'pytest', '-m', 'soak', '-v', 'tests/engines'], {
    cwd: join(import.meta.dirname, '../../python'),
    stdio: 'inherit',
  });
  return Promise.resolve(status === 0);
}
