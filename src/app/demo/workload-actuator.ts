// How the demo acts on its child. Paging out another process takes CAP_SYS_NICE; without it the child
// is asked to page out the very same ranges itself, so that an ordinary user sees a real action too.
import { once } from 'node:events';
import { readProcessSample } from '../../collect/index.ts';
import { createHostReaders, createMadviseActuator } from '../../optimize/index.ts';
import type { Actuator, ActuatorResult, ActuatorPlan } from '../../optimize/index.ts';
import { DemoStageError } from '../errors.ts';
import type { Workload } from './workload-process.ts';

/** A request to the child: pairs of address and length in bytes, as text because addresses exceed JSON's integers. */
export interface PageOutRequest {
  readonly pageOut: readonly (readonly [address: string, lengthBytes: number])[];
}

/** The child's answer. */
export interface PageOutReply {
  readonly advisedBytes: number;
}

/** The product's own actuator where this user may use it, else one that asks the child. */
export async function createWorkloadActuator(workload: Workload): Promise<Actuator> {
  const seen = readProcessSample(workload.pid);
  if (!seen) throw new DemoStageError('workload', 'the child is gone');
  const direct = createMadviseActuator({ readers: createHostReaders() });
  const { pid, name, startTimeTicks } = seen;
  const uid = process.getuid?.() ?? 0;
  const refusal = await direct.canAct({ kind: 'process', pid, name, startTimeTicks, uid });
  return refusal === null ? direct : createCooperativeActuator(workload);
}

function createCooperativeActuator(workload: Workload): Actuator {
  return {
    name: 'workload_madvise',
    kinds: ['process'],
    canAct: async () => (workload.child.connected ? null : 'the child does not listen any more'),
    act: (plan, signal) => askChild(workload, plan, signal),
  };
}

async function askChild(
  workload: Workload,
  plan: ActuatorPlan,
  signal: AbortSignal,
): Promise<ActuatorResult> {
  const startUs = performance.now() * 1000;
  const before = rssBytesOf(workload.pid);
  const request: PageOutRequest = {
    pageOut: plan.regions.map(({ start, lengthBytes }) => [String(start), lengthBytes] as const),
  };
  const answered = once(workload.child, 'message', { signal });
  workload.child.send(request);
  const [{ advisedBytes }] = (await answered) as [PageOutReply];
  return {
    advisedBytes,
    rssDropBytes: before - rssBytesOf(workload.pid),
    durationUs: performance.now() * 1000 - startUs,
  };
}

function rssBytesOf(pid: number): number {
  return (readProcessSample(pid)?.rssKib ?? 0) * 1024;
}
