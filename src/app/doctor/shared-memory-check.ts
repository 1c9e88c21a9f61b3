// How batches get to Python here: asked of the running daemon, else found as a daemon would find it.
import { findDaemon, lookAtBatchMemory } from '../../bridge/index.ts';
import type { BatchMemoryStats } from '../../bridge/index.ts';
import type { HostStatus } from '../host/status-types.ts';
import type { Check } from './check.ts';

export const sharedMemoryCheck: Check = {
  name: 'Shared memory',
  severity: 'limited',
  costs: 'batches to Python are copied on their way; nothing else changes',
  fix: 'as found above; in a container: --shm-size 256m, or shm_size in a compose file',
  look: async (home) => {
    await using client = await findDaemon(home.bridgeFile);
    const status = client && ((await client.request('status')).result as Partial<HostStatus>);
    return describeBatchMemory(status?.bridge?.sharedMemory ?? lookAtBatchMemory());
  },
};

/** @throws Error when batches are not mapped by both sides, with why */
export function describeBatchMemory({ transport, reason }: BatchMemoryStats): string {
  if (transport !== 'shared') throw new Error(`batches go by "${transport}": ${reason}`);
  return 'batches to Python lie in memory that both sides have mapped';
}
