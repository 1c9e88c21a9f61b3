// The folder whose files are memory: whether it is there, and how much of it may be taken. Docker gives a container
// 64 MiB of it, and a page that is not there when it is written to ends the process: so room is asked for first.
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { adviseOn } from '../core/plain/index.ts';

export const MEMORY_FOLDER = '/dev/shm';
/** Others use the folder too: a quarter of it, at most this much, stays free. */
const MAX_KEPT_BYTES = 64 * 2 ** 20;

/** Why a file of `sizeBytes` in memory cannot be had in a folder; null when it can. */
export function findObstacle(folder: string, sizeBytes: number): string | null {
  if (process.platform !== 'linux') return `${process.platform} has no ${MEMORY_FOLDER}`;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    const { bavail, blocks, bsize } = statfsSync(folder);
    const keptBytes = Math.min(MAX_KEPT_BYTES, (blocks * bsize) / 4);
    const freeBytes = bavail * bsize - keptBytes;
    if (freeBytes >= sizeBytes) return null;
    return `"${folder}" has ${mebibytes(bavail * bsize)} MiB free, ${mebibytes(sizeBytes + keptBytes)} MiB are needed (${mebibytes(keptBytes)} of them stay free); mount it larger`;
  } catch (error) {
    const { state, nextStep } = adviseOn(error);
    return `"${folder}" cannot be used: ${state}; ${nextStep}`;
  }
}

/** Same on all processes of one running host, whatever containers they are in; null where it cannot be told. */
export function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function mebibytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 2 ** 20);
}
