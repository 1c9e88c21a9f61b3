// How the demo acts on its child. Paging out another process takes CAP_SYS_NICE; without it the child
// is asked to page out the very same ranges itself, so that an ordinary user sees a real action too.
import { on } from 'node:events';
import { readProcessSample } from '../../collect/index.ts';
import { createHostReaders, createMadviseActuator, dropUnmapped } from '../../optimize/index.ts';
import type { Actuator, ActuatorPlan } from '../../optimize/index.ts';
import { demoStageError } from '../errors.ts';
import type { Workload } from './workload-process.ts';

/** A numbered request to the child: pairs of address and length in bytes, as text because addresses exceed JSON's integers. */
export interface PageOutRequest {
  readonly id: number;
  readonly pageOut: readonly (readonly [address: string, lengthBytes: number])[];
}

/** The child's answer. */
export interface PageOutReply {
  readonly id: number;
  readonly advisedBytes: number;
}

/** The product's own actuator where this user may use it, else one that asks the child. */
export async function createWorkloadActuator(workload: Workload): Promise<Actuator> {
  const seen = readProcessSample(workload.pid);
  if (!seen) throw demoStageError('workload', 'the child is gone');
  const direct = createMadviseActuator({ readers: createHostReaders() });
  const { pid, name, startTimeTicks } = seen;
  const uid = process.getuid?.() ?? 0;
  const refusal = await direct.canAct({ kind: 'process', pid, name, startTimeTicks, uid });
  return refusal === null ? direct : createCooperativeActuator(workload);
}

function createCooperativeActuator(workload: Workload): Actuator {
  const readers = createHostReaders();
  let requests = 0;
  return {
    name: 'workload_madvise',
    kinds: ['process'],
    canAct: async () => (workload.child.connected ? null : 'the child does not listen any more'),
    async act(plan, signal) {
      const startUs = performance.now() * 1000;
      const before = rssBytesOf(workload.pid);
      const advisedBytes = await askChild(workload, ++requests, plan, signal);
      await dropUnmapped(readers, plan);
      const rssDropBytes = before - rssBytesOf(workload.pid);
      return { advisedBytes, rssDropBytes, durationUs: performance.now() * 1000 - startUs };
    },
  };
}

/** Looks at memory and actions overlap, so an answer is known by its number. */
async function askChild(
  { child }: Workload,
  id: number,
  plan: ActuatorPlan,
  signal: AbortSignal,
): Promise<number> {
  const pageOut = plan.regions.map(({ start, lengthBytes }) => [String(start), lengthBytes] as const);
  const answers = on(child, 'message', { signal });
  child.send({ id, pageOut } satisfies PageOutRequest);
  for await (const [answer] of answers as AsyncIterable<[PageOutReply]>)
    if (answer.id === id) return answer.advisedBytes;
  return 0;
}

function rssBytesOf(pid: number): number {
  return (readProcessSample(pid)?.rssKib ?? 0) * 1024;
}
