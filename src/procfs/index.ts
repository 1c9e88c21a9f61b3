// procfs: /proc and /sys as more than one room reads them. `read*()` touches the system, `parse*()` is pure.
export { listFolders, listMemoryFolders, parseCgroupPath, parseMemoryMounts } from './memory-mounts.ts';
export type { MemoryFolders, MemoryMount } from './memory-mounts.ts';
export {
  parseHierarchicalLimit,
  parseLimitBytes,
  readMemoryLimit,
  readMemoryLimits,
} from './memory-limits.ts';
export type { MemoryLimit, ReadText } from './memory-limits.ts';
export { isOwnProcfs, isProcfs } from './own-procfs.ts';
