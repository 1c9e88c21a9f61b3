// Where the memory of a process is, from /proc/<pid>/smaps. No code of the product.
import { readFileSync } from 'node:fs';

/** Resident bytes by what they are. */
export type MemoryMap = Readonly<Record<(typeof memoryParts)[number], number>>;

export const memoryParts = [
  'Node executable',
  'native libraries',
  'malloc heap',
  'anonymous: V8 heaps, stacks, buffers',
  'compiled code',
  'shared and other files',
] as const;

/** Reads the map of one process. */
export function readMemoryMap(pid: number): MemoryMap {
  const sums = Object.fromEntries(memoryParts.map((part) => [part, 0])) as Record<keyof MemoryMap, number>;
  let part: keyof MemoryMap = 'shared and other files';
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const header = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (header) part = partOf(header[1]!, header[2]!);
    const kib = /^Rss: +(\d+) kB/.exec(line)?.[1];
    if (kib !== undefined) sums[part] += Number(kib) * 1024;
  }
  return sums;
}

function partOf(permissions: string, name: string): keyof MemoryMap {
  if (name === '[heap]') return 'malloc heap';
  if (name.endsWith('/node')) return 'Node executable';
  if (/\.(so[.\d]*|node)$/.test(name)) return 'native libraries';
  if (name === '' && permissions.includes('x')) return 'compiled code';
  if (name === '' || name.startsWith('[anon') || name.startsWith('[stack')) {
    return 'anonymous: V8 heaps, stacks, buffers';
  }
  return 'shared and other files';
}
