// A folder written by `export --training` (dataset.json and one Parquet file a split) as a source to publish.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordKind } from '../../core/index.ts';
import type { TrainingCard } from '../training-card.ts';
import { isInside } from './checksums.ts';
import { notADatasetError } from './errors.ts';
import type { PublishSource, PublishSplit } from './publish-contract.ts';
import { readParquet } from './read-parquet.ts';
import { releaseTraining, trainingColumns } from './training-release.ts';
import type { ReleaseRules } from './training-release.ts';
import { digestStream } from './tree-reader.ts';

/**
 * Reads the card, checks every file against it and what may leave.
 * @throws RuvectorError `ERR_EXPORT_NOT_A_DATASET`, `ERR_EXPORT_NOT_ANONYMOUS`
 */
export async function readTrainingFolder(folder: string, rules: ReleaseRules): Promise<PublishSource> {
  const card = await readCard(folder);
  await checkFiles(folder, card);
  return releaseTraining(folder, card, splitsOf(folder, card), rules);
}

async function readCard(folder: string): Promise<TrainingCard> {
  const text = await readFile(join(folder, 'dataset.json'), 'utf8').catch((cause: unknown) => {
    throw notADatasetError(folder, 'it holds no readable dataset.json', cause);
  });
  let card: TrainingCard;
  try {
    card = JSON.parse(text) as TrainingCard;
  } catch (cause) {
    throw notADatasetError(folder, 'its dataset.json is not JSON', cause);
  }
  if (!isTrainingCard(card)) {
    throw notADatasetError(folder, 'its dataset.json is not the card of a training export');
  }
  if (card.format !== 'parquet') {
    throw notADatasetError(folder, `its files are ${card.format}, and only Parquet can be published`);
  }
  if (card.files.some(({ split }) => split === 'all')) {
    throw notADatasetError(folder, 'it holds one file for all splits, not one for each');
  }
  return card;
}

function isTrainingCard(card: TrainingCard | null): card is TrainingCard {
  return (
    isObject(card?.privacy) &&
    isObject(card?.label) &&
    [card?.features, card?.files, card?.labelRules].every(Array.isArray) &&
    /^[0-9a-f]{64}$/.test(card?.sha256 ?? '')
  );
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

async function checkFiles(folder: string, card: TrainingCard): Promise<void> {
  for (const { path, sha256 } of card.files) {
    if (!isInside(path)) throw notADatasetError(folder, `its dataset.json names "${path}", outside of it`);
    const found = await digestStream(createReadStream(join(folder, path))).catch((cause: unknown) => {
      throw notADatasetError(folder, `"${path}" cannot be read`, cause);
    });
    if (found !== sha256) {
      throw notADatasetError(folder, `"${path}" is not the file its dataset.json describes`);
    }
  }
}

function splitsOf(folder: string, card: TrainingCard): PublishSplit[] {
  // Columns are taken by position from here on; in the file the label has another name.
  const label = card.label.type === 'class' ? 'label_index' : 'label';
  const fields = trainingColumns(card).map((column) =>
    column.role === 'label' ? { ...column, name: label } : column,
  );
  const kind: RecordKind = { name: 'training', version: 1, fields };
  return card.files.map(({ split, path }) => ({
    name: split,
    open: () => readParquet([join(folder, path)], kind),
  }));
}
