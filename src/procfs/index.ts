// procfs: /proc and /sys as more than one room reads them. `read*()` touches the system, `parse*()` is pure.
// Not what a room makes of the values: columns and their ranges are collect's, what page-out frees is optimize's.
export { COMM_BYTES, cutName, readCommandName } from './command-name.ts';
export { findFlatValue, parseFlatKeys, parseKib } from './keyed-values.ts';
export { memoryFiles } from './memory-files.ts';
export {
  listFolders,
  listMemoryFolders,
  parseCgroupPath,
  parseMemoryMounts,
  readMemoryFolders,
} from './memory-mounts.ts';
export type { MemoryFolders, MemoryMount } from './memory-mounts.ts';
export {
  parseHierarchicalLimit,
  parseLimitBytes,
  readMemoryLimit,
  readMemoryLimits,
} from './memory-limits.ts';
export type { MemoryLimit, ReadText } from './memory-limits.ts';
export { readMemoryUsages } from './memory-usages.ts';
export type { MemoryUsage } from './memory-usages.ts';
export { parseFileSystems } from './mounts.ts';
export { parseOpenFilesLimit } from './open-files-limit.ts';
export { isOwnProcfs, isProcfs } from './own-procfs.ts';
export { findPressureLine, parsePressureTotal } from './pressure.ts';
export type { PressureKind } from './pressure.ts';
export { MAX_PID, parseChildren, parsePids } from './process-ids.ts';
export { parseProcessStat, parseProcessStatm } from './process-stat.ts';
export type { ProcessStat, ProcessStatm } from './process-stat.ts';
export { readBytesOrNull, readIfPossible, readOrNull, readSlowly } from './read-file.ts';
export { parseSmaps } from './smaps.ts';
export type { Mapping } from './smaps.ts';
export { parseAuxv, usualConstants } from './system-constants.ts';
export type { SystemConstants } from './system-constants.ts';
