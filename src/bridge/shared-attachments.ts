// Attachments of a request in one file in memory, one behind the other, each at a multiple of 64 bytes: what a client of
// this host hands over instead of sending it. docs/protocol.md, "Shared memory"
import { takeHandedFile } from '../shared-memory/index.ts';
import { handedFileError } from './errors.ts';

const ALIGNMENT = 64;

/**
 * The attachments that a REQUEST describes.
 * @param folder whose files are memory
 * @throws RuvectorError `ERR_WIRE_SLOT` when they cannot be read
 */
export async function takeSharedAttachments(
  folder: string,
  shared: unknown,
  maxBytes: number,
): Promise<Uint8Array[]> {
  const { path, sizes } = (shared ?? {}) as { path?: unknown; sizes?: unknown };
  if (typeof path !== 'string' || !Array.isArray(sizes) || !sizes.every(isSize)) {
    throw handedFileError(String(path), 'its description is not a path and sizes');
  }
  const offsets: number[] = [];
  let sizeBytes = 0;
  for (const size of sizes) {
    offsets.push(sizeBytes);
    sizeBytes += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  }
  if (sizeBytes > maxBytes) throw handedFileError(path, `it has ${sizeBytes} bytes, ${maxBytes} are taken`);
  try {
    const bytes = await takeHandedFile(folder, path, sizeBytes);
    return sizes.map((size, i) => bytes.subarray(offsets[i], offsets[i]! + size));
  } catch (error) {
    throw handedFileError(path, (error as Error).message, error);
  }
}

const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;
