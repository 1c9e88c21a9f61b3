// How much memory the host uses, as a cross-check of what processes say. MemFree alone is off by several
// points: free pages lie in per-CPU lists too, and the page cache of everybody else takes and gives.
import { readFileSync } from 'node:fs';

const KIB = 1024;
const PAGE_BYTES = 4096;

/** Bytes in use that are neither free, nor in the kernel's per-CPU lists, nor page cache. */
export function readHostUsedBytes(): number {
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0);
  const pageCacheKib = kib('Active\\(file\\)') + kib('Inactive\\(file\\)');
  return (kib('MemTotal') - kib('MemFree') - pageCacheKib) * KIB - readPerCpuFreeBytes();
}

export function readSwapCachedBytes(): number {
  return Number(/^SwapCached:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * KIB;
}

function readPerCpuFreeBytes(): number {
  const counts = readFileSync('/proc/zoneinfo', 'utf8').matchAll(/^\s+count:\s+(\d+)$/gm);
  return [...counts].reduce((sum, [, pages]) => sum + Number(pages), 0) * PAGE_BYTES;
}
