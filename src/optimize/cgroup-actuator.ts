// memory.reclaim of a cgroup v2: the kernel chooses the pages, we name the bytes.
// https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.reclaim, Linux 5.19)
import { access, constants, writeFile } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '../core/index.ts';
import type { Actuator, ActuatorPlan } from './actuator.ts';
import { notACgroupError, reclaimError, toActionFailure } from './errors.ts';
import type { HostReaders } from './host-readers.ts';
import { describeTarget } from './target.ts';
import type { Target } from './target.ts';

/** Options of {@link createCgroupActuator}. */
export interface CgroupActuatorOptions {
  readonly readers: Pick<HostReaders, 'readCgroup' | 'readBackend'>;
  /** Bytes a write, so that an abort is seen in between. @default 16 MiB */
  readonly stepBytes?: number;
}

/** Builds the actuator. */
export function createCgroupActuator({ readers, stepBytes = 16 * 2 ** 20 }: CgroupActuatorOptions): Actuator {
  return {
    name: 'cgroup_reclaim',
    kinds: ['cgroup'],
    async canAct(target) {
      const file = `${requireCgroup(target)}/memory.reclaim`;
      try {
        await access(file, constants.W_OK);
        return null;
      } catch (error) {
        const missing = systemCodeOf(error) === 'ENOENT';
        const why = missing
          ? 'it has no memory.reclaim (cgroup v2 with the memory controller, Linux 5.19)'
          : messageOf(error);
        return `Cannot reclaim from "${describeTarget(target)}": ${why}`;
      }
    },
    async act(plan, signal) {
      const path = requireCgroup(plan.target);
      const before = await readers.readCgroup(path);
      const startUs = nowUs();
      const progress = { advisedBytes: 0 };
      const { freesAnonymous } = await readers.readBackend();
      const failure = await reclaimSteps(plan, stepBytes, freesAnonymous, signal, progress).then(
        () => null,
        toActionFailure,
      );
      const durationUs = nowUs() - startUs;
      const after = await readers.readCgroup(path);
      const rssDropBytes = before === null || after === null ? 0 : before.currentBytes - after.currentBytes;
      const result = { advisedBytes: progress.advisedBytes, rssDropBytes, durationUs };
      return failure === null ? result : { ...result, error: failure };
    },
  };
}

async function reclaimSteps(
  plan: ActuatorPlan,
  stepBytes: number,
  freesAnonymous: boolean,
  signal: AbortSignal,
  progress: { advisedBytes: number },
): Promise<void> {
  const path = requireCgroup(plan.target);
  // On a back end that frees no anonymous memory the kernel is told to leave it alone.
  const suffix = freesAnonymous ? '' : ' swappiness=0';
  while (progress.advisedBytes < plan.budgetBytes) {
    signal.throwIfAborted();
    const bytes = Math.min(stepBytes, plan.budgetBytes - progress.advisedBytes);
    try {
      await writeFile(`${path}/memory.reclaim`, `${bytes}${suffix}`);
    } catch (error) {
      // EAGAIN: less than asked was reclaimed; asking for more now would only cost time.
      if (systemCodeOf(error) === 'EAGAIN') return;
      throw reclaimError(describeTarget(plan.target), suffix, error);
    }
    progress.advisedBytes += bytes;
  }
}

function requireCgroup(target: Target): string {
  if (target.kind === 'cgroup') return target.path;
  throw notACgroupError(describeTarget(target));
}

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);
