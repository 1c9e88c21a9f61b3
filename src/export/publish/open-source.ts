// What a user names as a dataset → a source to publish.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checksumsName } from './checksums.ts';
import { notADatasetError } from './errors.ts';
import type { Provenance } from './provenance.ts';
import type { PublishSource } from './publish-contract.ts';
import { readPublishedTree } from './published-source.ts';
import type { ReleaseRules } from './training-release.ts';
import { readTrainingFolder } from './training-folder.ts';
import { createFolderReader } from './tree-reader.ts';
import { verifyTree } from './verify-dataset.ts';

/** A source, and what it says of itself when it was published before. */
export interface OpenedSource {
  readonly source: PublishSource;
  readonly origin: Provenance | null;
}

/** @throws RuvectorError `ERR_EXPORT_NOT_A_DATASET`, `ERR_EXPORT_NOT_ANONYMOUS` */
export async function openSource(folder: string, rules: ReleaseRules): Promise<OpenedSource> {
  if (!existsSync(folder)) throw notADatasetError(folder, 'there is no such folder');
  if (existsSync(join(folder, 'dataset.json'))) {
    return { source: await readTrainingFolder(folder, rules), origin: null };
  }
  if (!existsSync(join(folder, checksumsName))) {
    throw notADatasetError(folder, `it holds neither dataset.json nor ${checksumsName}`);
  }
  const { ok, problems } = await verifyTree(folder, createFolderReader(folder));
  if (!ok) throw notADatasetError(folder, problems.join('; '));
  const { source, provenance } = await readPublishedTree(folder);
  return { source, origin: provenance };
}
