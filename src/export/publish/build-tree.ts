// The files beside the data: everything that describes it, and the checksums over all.
import { join } from 'node:path';
import { sha256Of } from '../../core/index.ts';
import { writeSynced } from '../../files/index.ts';
import { checksumsName, renderChecksums } from './checksums.ts';
import { buildCroissant } from './croissant.ts';
import { buildDatapackage } from './datapackage.ts';
import { renderPrivacyPage } from './privacy-page.ts';
import { createProvenance } from './provenance.ts';
import type { DatasetFacts, PublishedFile } from './publish-contract.ts';
import { renderReadme } from './readme-card.ts';
import { buildRowSchema } from './row-schema.ts';

/** Texts of the tree by name. */
export function buildDescriptions(facts: DatasetFacts): Readonly<Record<string, string>> {
  return {
    'README.md': renderReadme(facts),
    'PRIVACY.md': renderPrivacyPage(facts.source),
    LICENSE: facts.license.text,
    'croissant.json': toJson(buildCroissant(facts)),
    'datapackage.json': toJson(buildDatapackage(facts)),
    'provenance.json': toJson(createProvenance(facts)),
    'schema.json': toJson(buildRowSchema(facts.title, facts.tables)),
  };
}

/** All files of a tree as its checksums list them. */
export function listTree(
  facts: Pick<DatasetFacts, 'tables'>,
  texts: Readonly<Record<string, string>>,
): PublishedFile[] {
  const data = facts.tables.flatMap(({ splits }) => splits.flatMap(({ files }) => files));
  const described = Object.entries(texts).map(([path, text]) => ({
    path,
    sizeBytes: Buffer.byteLength(text),
    sha256: sha256Of(text),
  }));
  return [...data, ...described].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes the texts and the checksums into a tree that holds its data already. */
export async function writeDescriptions(
  root: string,
  texts: Readonly<Record<string, string>>,
  files: readonly PublishedFile[],
): Promise<void> {
  for (const [name, text] of Object.entries(texts)) await writeSynced(join(root, name), text);
  await writeSynced(join(root, checksumsName), renderChecksums(files));
}

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
