// The files of a memory cgroup by version: use, and the limits of which the lowest is in force.
// https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and .../cgroup-v1/memory.html

/** Names of the files in a cgroup's folder. The first limit is the hard one. */
export const memoryFiles = {
  1: { usage: 'memory.usage_in_bytes', limits: ['memory.limit_in_bytes'] },
  2: { usage: 'memory.current', limits: ['memory.max', 'memory.high'] },
} as const;
