// Reads Arrow IPC files, one record batch at a time, into memory that is used again.
import { open } from 'node:fs/promises';
import type { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { ARROW_MAGIC } from './arrow-message.ts';

/** Length of the footer, and magic. */
const TAIL_BYTES = 4 + ARROW_MAGIC.length;

/** A record batch as it stands in a file: metadata, then body. */
export interface ArrowBlock {
  readonly block: FileBlock;
  /** Good until the next one is asked for. */
  readonly bytes: Buffer;
}

export async function readArrowFooter(path: string): Promise<Footer> {
  await using file = await open(path);
  const { size } = await file.stat();
  const tail = Buffer.alloc(TAIL_BYTES);
  await file.read(tail, 0, TAIL_BYTES, size - TAIL_BYTES);
  const bytes = Buffer.alloc(tail.readInt32LE(0));
  await file.read(bytes, 0, bytes.length, size - TAIL_BYTES - bytes.length);
  return Footer.decode(bytes);
}

/** All batches of a file, in order. */
export async function* readArrowBlocks(path: string, footer: Footer): AsyncGenerator<ArrowBlock> {
  let memory: Buffer = Buffer.alloc(0);
  await using file = await open(path);
  for (const block of footer.recordBatches()) {
    const size = block.metaDataLength + block.bodyLength;
    if (memory.length < size) memory = Buffer.allocUnsafeSlow(size);
    const { bytesRead } = await file.read(memory, 0, size, block.offset);
    if (bytesRead < size) throw new Error('a part of the file became shorter while it was read');
    yield { block, bytes: memory.subarray(0, size) };
  }
}
