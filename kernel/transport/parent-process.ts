// Whether the process that started this kernel is still there. Jupyter names itself in JPY_PARENT_PID, as ipykernel
// has it; a kernel that is started to be independent gets no such name and outlives its starter.
import { kill, ppid as firstParent } from 'node:process';

/** @returns whether the client that owns this kernel has ended; null when nobody does */
export function watchOwner(environment: NodeJS.ProcessEnv): (() => boolean) | null {
  const owner = Number(environment['JPY_PARENT_PID']);
  if (!Number.isSafeInteger(owner) || owner < 1) return null;
  // The owner's child is told by its own parent, also of an owner that nobody has buried.
  if (owner === firstParent) return () => process.ppid !== owner;
  // Of another namespace, or gone before this looked: nothing can be told.
  return isThere(owner) ? () => !isThere(owner) : null;
}

function isThere(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
