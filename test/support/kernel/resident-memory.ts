// Resident memory of a process by what it is for, from /proc/<pid>/smaps.
import { readFileSync } from 'node:fs';

/** glibc begins the memory of a thread's allocations at multiples of this. */
const ARENA_BYTES = 64 << 20;
const MAPPING = /^([\da-f]+)-[\da-f]+ (\S+) \S+ \S+ \d+\s*(.*)$/;

/** Bytes by part, `whole process` among them. */
export function readResident(pid: number): Record<string, number> {
  const parts: Record<string, number> = {
    'resident: V8 and other anonymous memory': 0,
    'resident: malloc': 0,
    'resident: files': 0,
    'whole process': 0,
  };
  let part = '';
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const mapping = MAPPING.exec(line);
    if (mapping) part = partOf(Number.parseInt(mapping[1]!, 16), mapping[2]!, mapping[3]!);
    const resident = /^Rss:\s+(\d+) kB/.exec(line)?.[1];
    if (resident === undefined) continue;
    parts[part]! += Number(resident) * 1024;
    parts['whole process']! += Number(resident) * 1024;
  }
  return parts;
}

function partOf(start: number, permissions: string, name: string): string {
  if (name === '[heap]') return 'resident: malloc';
  if (name !== '' && !name.startsWith('[')) return 'resident: files';
  const isArena = name === '' && start % ARENA_BYTES === 0 && permissions === 'rw-p';
  return isArena ? 'resident: malloc' : 'resident: V8 and other anonymous memory';
}
