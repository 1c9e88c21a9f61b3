// An exported table as record batches of its own schema, for what reads rows and writes no file of ours.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { createJoinedFile, createPartWriter, runPlan } from '../pipeline/files/index.ts';
import type { PartWriter } from '../pipeline/files/index.ts';
import type { ExportedTable } from './file-contract.ts';

/** Rows of a plan: all of them are held. */
const PART_ROWS = 2 ** 17;
const arrowFile = { format: 'arrow' } as const;

/** Reads the table, from its beginning with each call. */
export async function* readTableBatches(
  { schema, parts, explain }: ExportedTable,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<arrow.RecordBatch> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-batches-'));
  try {
    const writer = createPartWriter(arrowFile, schema);
    for await (const { frame } of parts(PART_ROWS, signal)) {
      const path = join(folder, 'part');
      await runPlan(await writer.write(frame, path, 0), signal, explain);
      yield* arrow.tableFromIPC(await readStream(path, schema, writer)).batches;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readStream(path: string, schema: arrow.Schema, writer: PartWriter): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const sink = {
    write: async (bytes: Uint8Array) => void pieces.push(Uint8Array.from(bytes)),
    sync: async () => {},
    close: async () => {},
  };
  const stream = createJoinedFile(arrowFile, { sink }, { schema, writer });
  await stream.append(path);
  await stream.finish();
  return Buffer.concat(pieces);
}
