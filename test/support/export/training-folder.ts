// Training exports for tests of publication: what `export --training` writes of a host under pressure.
import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { createDataExporter } from '../../../src/export/index.ts';
import type { ExportSource, TrainingDataConfig } from '../../../src/export/index.ts';
import { pressuredSnapshots } from '../memory-rows.ts';
import { sourceOfRows } from './row-partitions.ts';

/** A history of these rows and no others. */
export function memoryHistory(rows: readonly MemorySnapshot[]): ExportSource {
  return sourceOfRows({ memory: rows }, rows.length);
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
