// Waiting for the thing itself, however slow the machine is; never for a time.
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const BETWEEN_MS = 5;

/**
 * Waits until the condition holds.
 * @param what the end of the sentence "waited for a minute until"
 */
export async function until(isTrue: () => boolean | Promise<boolean>, what = 'it was so'): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`waited for a minute until ${what}`);
    await sleep(BETWEEN_MS);
  }
}
