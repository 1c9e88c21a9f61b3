// Chooses how bytes of values get from the kernel to Python and back: through segments in shared memory, through
// ZeroMQ where there is no shared memory, through files where Python lacks pyzmq. Never as text.
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessageTransfer } from './message-transfer.ts';
import { newFilePath, takeFile, writeFile } from './shared-files.ts';
import { useSharedMemory } from './shared-memory.ts';
import type { TransferKind, ValueTransfer } from './value-transfer.ts';
import { Error, Object, process } from '../primordials.ts';

const MEMORY_FOLDER = '/dev/shm';
const PREFIX = 'ruvector-notebook-';

/**
 * Opens a transfer of the best kind there is here.
 * @param wanted `RUVECTOR_KERNEL_TRANSFER`; undefined: choose
 * @param hasZeromq whether the other side has pyzmq
 * @throws Error when that kind is unknown or cannot be had
 */
export async function openTransfer(wanted: string | undefined, hasZeromq: boolean): Promise<ValueTransfer> {
  const memory = isMemoryFolder() ? useSharedMemory(({ loadMemoryMap }) => loadMemoryMap()) : null;
  const kind = chooseKind(wanted || undefined, memory !== null, hasZeromq);
  const isInMemory = (kind === 'shared' || kind === 'files') && isMemoryFolder();
  const directory = mkdtempSync(join(isInMemory ? MEMORY_FOLDER : tmpdir(), PREFIX));
  if (kind === 'zmq' || kind === 'tcp') return createMessageTransfer(kind, directory);
  const { pool, mapped, segmentMinBytes } = useSharedMemory((door) => ({
    pool: kind === 'shared' && memory ? door.createSegmentPool(directory, memory) : null,
    mapped: memory ? door.createMappedTaker(memory) : null,
    segmentMinBytes: door.SEGMENT_MIN_BYTES,
  }));
  return {
    kind,
    directory,
    env: {},
    store: async (parts) => {
      const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const segment =
        pool && bytes >= segmentMinBytes ? useSharedMemory(() => pool.fill(parts, bytes)) : null;
      return segment === null
        ? { path: writeFile([directory, tmpdir()], parts, bytes), bytes }
        : { segment, bytes };
    },
    newFilePath: () => newFilePath(directory),
    take: async (stored) => {
      if ('segment' in stored)
        return useSharedMemory(() => mapped!.takeSegment(stored.segment, stored.bytes));
      if (!('path' in stored)) throw new Error('Cannot take a value: it did not come as a file');
      return mapped && stored.bytes >= segmentMinBytes
        ? useSharedMemory(() => mapped.takeFile(stored.path, stored.bytes))
        : takeFile(stored.path);
    },
    close: () => {
      if (pool) useSharedMemory(() => pool.remove());
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A kind that is wished for and cannot be had is an error: another one would be a surprise. */
export function chooseKind(
  wanted: string | undefined,
  hasSharedMemory: boolean,
  hasZeromq: boolean,
): TransferKind {
  const isThere: Record<TransferKind, boolean> = {
    shared: hasSharedMemory,
    zmq: hasZeromq && process.platform !== 'win32',
    tcp: hasZeromq,
    files: true,
  };
  const kinds = Object.keys(isThere) as TransferKind[];
  if (wanted === undefined) return kinds.find((kind) => isThere[kind])!;
  if (!Object.hasOwn(isThere, wanted)) {
    throw new Error(
      `Cannot carry values by "${wanted}": there is no such way; set RUVECTOR_KERNEL_TRANSFER to one of ${kinds.join(', ')}`,
    );
  }
  if (!isThere[wanted as TransferKind]) {
    const missing = wanted === 'shared' ? 'a writable /dev/shm and koffi' : 'pyzmq in this Python';
    throw new Error(
      `Cannot carry values by "${wanted}": it needs ${missing}; unset RUVECTOR_KERNEL_TRANSFER to let the kernel choose`,
    );
  }
  return wanted as TransferKind;
}

function isMemoryFolder(): boolean {
  try {
    accessSync(MEMORY_FOLDER, constants.W_OK | constants.X_OK);
    return existsSync(MEMORY_FOLDER) && statSync(MEMORY_FOLDER).isDirectory();
  } catch {
    return false;
  }
}
