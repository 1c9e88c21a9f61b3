// Publishes a dataset: writes its data, compares it with the version at the target, describes it, signs it, and puts
// the whole tree in its place at once.
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeSynced } from '../../files/index.ts';
import { buildDescriptions, listTree, writeDescriptions } from './build-tree.ts';
import { parseBucketUrl } from './bucket.ts';
import { checksumsName, renderChecksums } from './checksums.ts';
import { notAnonymousError, publishOptionsError } from './errors.ts';
import { writeShards } from './parquet-shards.ts';
import { createBucketTarget, createFolderTarget } from './publish-target.ts';
import type { PublishTarget } from './publish-target.ts';
import type {
  ChangelogEntry,
  DatasetFacts,
  PublishReport,
  PublishSource,
  WrittenTable,
} from './publish-contract.ts';
import { publishSettings } from './publish-options.ts';
import type { PublishOptions } from './publish-options.ts';
import { assertPublishOptions, resolveTexts } from './publish-texts.ts';
import { folderOf } from './published-source.ts';
import type { PublishedTree } from './published-source.ts';
import { openSource } from './open-source.ts';
import { compareVersions, nextVersion } from './semantic-version.ts';
import { publicKeyName, readPrivateKey, signChecksums, signatureName } from './signature.ts';
import type { TreeSignature } from './signature.ts';
import { toPublishTargetError } from './tree-folder.ts';
import { compareTrees } from './version-change.ts';
import type { ComparedTable, VersionChange } from './version-change.ts';

/**
 * Publishes a dataset into a folder or a bucket. The same input, options and software give the same bytes.
 * @param dataset a folder written by `export --training`, a published dataset, or a source
 * @throws RuvectorError `ERR_EXPORT_NOT_A_DATASET`, `ERR_EXPORT_NOT_ANONYMOUS`, `ERR_EXPORT_PUBLISH_OPTIONS`,
 *   `ERR_EXPORT_PUBLISH_TARGET`, `ERR_EXPORT_SIGNING_KEY`, `ERR_EXPORT_NO_S3`, `ERR_EXPORT_S3`
 */
export async function publishDataset(
  dataset: string | PublishSource,
  options: PublishOptions,
): Promise<PublishReport> {
  await assertPublishOptions(options);
  const key = options.signingKey === undefined ? null : await readPrivateKey(options.signingKey);
  const { source, origin } =
    typeof dataset === 'string' ? await openSource(dataset, options) : { source: dataset, origin: null };
  if (!source.privacy.anonymized && options.allowIdentifying !== true) {
    throw notAnonymousError(source.card.id, 'it is not anonymised');
  }
  const location = parseBucketUrl(options.to);
  const to = location ? options.to : resolve(options.to);
  await using target = location
    ? await createBucketTarget(to, location, options.endpointUrl)
    : await createFolderTarget(to);
  const before = target.before;
  const texts = await resolveTexts(options, source, origin ?? before?.provenance ?? null);
  try {
    const tables = await writeTables(target.path, source, options);
    const plan = await planVersion({ ...texts, source, tables }, target.path, before, options);
    const signature = await finishTree(target.path, plan, key);
    const isSame = plan.change === 'none' && isSignatureKept(before, signature, target);
    const removed = isSame ? [] : await target.commit(pathsOf(plan, signature), options);
    return buildReport(to, plan, before, signature, removed);
  } catch (error) {
    throw toPublishTargetError(to, error);
  } finally {
    source.seal?.();
  }
}

async function writeTables(
  root: string,
  source: PublishSource,
  { shardBytes = publishSettings.shardBytes.default, signal, onProgress }: PublishOptions,
): Promise<WrittenTable[]> {
  const tables: WrittenTable[] = [];
  let written = 0;
  for (const { name, description, columns, splits } of source.tables) {
    const done: WrittenTable['splits'][number][] = [];
    for (const split of splits) {
      const onRows = (rows: number): void =>
        onProgress?.({ step: 'write', done: written + rows, total: source.card.rows });
      const result = await writeShards(split, {
        root,
        folder: folderOf(name),
        columns,
        shardBytes,
        signal,
        onRows,
      });
      written += result.rows;
      done.push(result);
    }
    tables.push({ name, description, columns, splits: done });
  }
  source.seal?.();
  return tables;
}

/** The finished descriptions of a version. */
interface VersionPlan {
  readonly facts: DatasetFacts;
  readonly texts: Readonly<Record<string, string>>;
  readonly change: VersionChange['change'];
  readonly reasons: readonly string[];
}

/** Nothing changed when the descriptions of the version before give the same tree. */
async function planVersion(
  known: Omit<DatasetFacts, 'version' | 'changelog'>,
  root: string,
  before: PublishedTree | null,
  options: PublishOptions,
): Promise<VersionPlan> {
  if (!before) return planChange(known, null, { change: 'first', reasons: ['first version'] }, options);
  const { version, changelog } = before.provenance;
  const facts = { ...known, version, changelog };
  const texts = buildDescriptions(facts);
  const isAsked = options.dataVersion !== undefined && options.dataVersion !== version;
  if (renderChecksums(listTree(facts, texts)) === before.checksums && !isAsked) {
    return { facts, texts, change: 'none', reasons: ['nothing changed'] };
  }
  options.onProgress?.({ step: 'compare', done: 0, total: null });
  const found = await compareTrees(before.tables, comparedTables(root, known.tables));
  const change: VersionChange =
    found.change === 'none' ? { change: 'patch', reasons: ['the same data, described anew'] } : found;
  return planChange(known, before, change, options);
}

function planChange(
  known: Omit<DatasetFacts, 'version' | 'changelog'>,
  before: PublishedTree | null,
  { change, reasons }: VersionChange,
  { dataVersion, message }: PublishOptions,
): VersionPlan {
  const least = nextVersion(before?.provenance.version ?? null, change);
  if (dataVersion !== undefined && compareVersions(dataVersion, least) < 0) {
    throw publishOptionsError([
      `dataVersion is ${dataVersion}, wanted at least ${least}, because ${reasons.join('; ')}`,
    ]);
  }
  const version = dataVersion ?? least;
  const entry: ChangelogEntry = {
    version,
    change: change as ChangelogEntry['change'],
    reasons: [...(message === undefined ? [] : [message]), ...reasons],
  };
  const facts = { ...known, version, changelog: [entry, ...(before?.provenance.changelog ?? [])] };
  return { facts, texts: buildDescriptions(facts), change, reasons };
}

function comparedTables(root: string, tables: readonly WrittenTable[]): ComparedTable[] {
  return tables.map(({ name, columns, splits }) => ({
    name,
    columns,
    splits: splits.map((split) => ({
      name: split.name,
      rows: split.rows,
      paths: split.files.map(({ path }) => join(root, path)),
      sha256: split.files.map(({ sha256 }) => sha256),
    })),
  }));
}

async function finishTree(
  root: string,
  { facts, texts }: VersionPlan,
  key: KeyObject | null,
): Promise<TreeSignature | null> {
  await writeDescriptions(root, texts, listTree(facts, texts));
  if (!key) return null;
  const signature = signChecksums(await readFile(join(root, checksumsName), 'utf8'), key);
  await writeSynced(join(root, signatureName), signature.signature);
  await writeSynced(join(root, publicKeyName), signature.publicKeyPem);
  return signature;
}

/** An unsigned run of the same data leaves a signature where it is. */
function isSignatureKept(
  before: PublishedTree | null,
  signature: TreeSignature | null,
  target: PublishTarget,
): boolean {
  if (!before || !signature) return true;
  return target.signature?.equals(signature.signature) ?? false;
}

function pathsOf({ facts, texts }: VersionPlan, signature: TreeSignature | null): string[] {
  const listed = listTree(facts, texts).map(({ path }) => path);
  return [...listed, checksumsName, ...(signature ? [signatureName, publicKeyName] : [])];
}

function buildReport(
  to: string,
  { facts, texts, change, reasons }: VersionPlan,
  before: PublishedTree | null,
  signature: TreeSignature | null,
  removed: readonly string[],
): PublishReport {
  const files = listTree(facts, texts);
  const { anonymized, k, l, rowsSuppressed, timePrecisionMs } = facts.source.privacy;
  const rowsOf = ({ splits }: WrittenTable): Record<string, number> =>
    Object.fromEntries(splits.map(({ name, rows }) => [name, rows]));
  return {
    to,
    name: facts.name,
    version: facts.version,
    previousVersion: before?.provenance.version ?? null,
    change,
    reasons,
    tables: Object.fromEntries(facts.tables.map((table) => [table.name, rowsOf(table)])),
    files,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    privacy: { anonymized, k, l, rowsSuppressed, timePrecisionMs },
    keyFingerprint: signature?.fingerprint ?? null,
    removed,
  };
}
