// Garbage collection of our own process. It stops our own event loop for as long as it takes
// (tens of milliseconds on a small heap), so it runs only when the user names our own process.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Actuator } from './actuator.ts';

/** Builds the actuator. Advised bytes are the fall of the heap that V8 holds. */
export function createGcActuator(): Actuator {
  return {
    name: 'gc',
    kinds: ['self'],
    canAct: (target) => Promise.resolve(target.kind === 'self' ? null : 'it collects our own process only'),
    act: () => {
      const before = process.memoryUsage();
      const startUs = Number(process.hrtime.bigint() / 1000n);
      collectGarbage();
      const durationUs = Number(process.hrtime.bigint() / 1000n) - startUs;
      const after = process.memoryUsage();
      return Promise.resolve({
        advisedBytes: Math.max(0, before.heapTotal - after.heapTotal),
        rssDropBytes: before.rss - after.rss,
        durationUs,
      });
    },
  };
}

// The flag makes `gc` visible in contexts made after it, which is enough: no restart is needed.
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
}
