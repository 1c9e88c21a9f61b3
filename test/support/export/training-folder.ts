// Training exports for tests of publication: what `export --training` writes of a host under pressure.
import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildRecordBatch, memoryKind } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { createDataExporter } from '../../../src/export/index.ts';
import type { ExportSource, TrainingDataConfig } from '../../../src/export/index.ts';
import { buildPartitions } from '../../../src/store/partitions.ts';
import { pressuredSnapshots } from '../memory-rows.ts';

/** A history of these rows and no others. */
export function memoryHistory(rows: readonly MemorySnapshot[]): ExportSource {
  const parts = { kind: memoryKind, segments: [], rows, check: () => Promise.resolve(true) };
  const batch = buildRecordBatch(memoryKind, rows);
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- a history is read asynchronously
    async *query(kind) {
      if (kind === 'memory') yield batch;
    },
    partitions: (kind, options = {}) =>
      kind === 'memory' ? buildPartitions(parts, options) : Promise.resolve([]),
  };
}

/** Writes a training export into a new folder. */
export async function writeTrainingFolder(
  folder: string,
  rowCount: number,
  config: TrainingDataConfig = {},
): Promise<void> {
  const source = memoryHistory(pressuredSnapshots(rowCount));
  const exporter = createDataExporter({ source, horizonMs: 20_000 });
  await exporter.exportTrainingData(config, `${folder}/`);
}

/** Changes the card of a training export. */
export async function editCard(
  folder: string,
  edit: (card: Record<string, Record<string, unknown>>) => void,
): Promise<void> {
  const path = join(folder, 'dataset.json');
  const card = JSON.parse(await readFile(path, 'utf8')) as Record<string, Record<string, unknown>>;
  edit(card);
  await writeFile(path, JSON.stringify(card));
}
