// Where a tree goes: a folder that is replaced at once, or a bucket that is filled in the safest order. Either way
// the version that is there now is verified before anything is compared with it.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder, writeSynced } from '../../files/index.ts';
import { openBucket } from './bucket.ts';
import type { BucketClaim } from './bucket-claim.ts';
import type { Bucket, BucketLocation } from './bucket.ts';
import { checksumsName } from './checksums.ts';
import { publishTargetError } from './errors.ts';
import type { PublishOptions } from './publish-options.ts';
import { readPublishedTree } from './published-source.ts';
import type { PublishedTree } from './published-source.ts';
import { signatureName } from './signature.ts';
import { stageFolder } from './tree-folder.ts';
import { createFolderReader } from './tree-reader.ts';
import type { TreeReader } from './tree-reader.ts';
import { verifyTree } from './verify-dataset.ts';

/** A place that can be published to. */
export interface PublishTarget extends AsyncDisposable {
  /** Where the new tree is built. */
  readonly path: string;
  /** The version that is there now. */
  readonly before: PublishedTree | null;
  readonly signature: Buffer | null;
  /** Puts the new tree in its place. @returns what was removed besides */
  commit(paths: readonly string[], options: PublishOptions): Promise<string[]>;
}

/** A folder. */
export async function createFolderTarget(named: string): Promise<PublishTarget> {
  const staged = await stageFolder(named);
  const { target } = staged;
  try {
    const hasBefore = existsSync(join(target, checksumsName));
    const before = hasBefore ? await readVerified(target, createFolderReader(target), target) : null;
    return {
      path: staged.path,
      before,
      signature: await readFile(join(target, signatureName)).catch(() => null),
      commit: async () => {
        await staged.commit();
        return [];
      },
      [Symbol.asyncDispose]: async () => staged[Symbol.asyncDispose](),
    };
  } catch (error) {
    await staged[Symbol.asyncDispose]();
    throw error;
  }
}

/** A prefix of a bucket; the version there is fetched to be compared with. */
export async function createBucketTarget(
  url: string,
  location: BucketLocation,
  endpointUrl: string | undefined,
): Promise<PublishTarget> {
  const bucket = await openBucket(location, endpointUrl);
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-publish-'));
  let claim: BucketClaim | null = null;
  const dispose = async (): Promise<void> => {
    await claim?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    await bucket[Symbol.asyncDispose]();
  };
  try {
    const held = (claim = await bucket.claim());
    const [path, old] = [join(folder, 'new'), join(folder, 'old')];
    await mkdir(path);
    const before = await fetchTree(url, bucket, old);
    return {
      path,
      before,
      signature: await readFile(join(old, signatureName)).catch(() => null),
      commit: async (paths, { onProgress, signal }) => {
        held.assertHeld();
        const onUpload = (done: number): void => {
          held.assertHeld();
          onProgress?.({ step: 'upload', done, total: paths.length });
        };
        return bucket.replace(path, paths, onUpload, signal);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function fetchTree(url: string, bucket: Bucket, folder: string): Promise<PublishedTree | null> {
  const entries = await bucket.list();
  if (entries.length === 0) return null;
  if (!entries.some(({ path }) => path === checksumsName)) {
    throw publishTargetError(url, 'it holds other objects and no published dataset; name a new prefix');
  }
  await assertWhole(url, bucket);
  for (const { path } of entries) {
    await makeFolder(dirname(join(folder, path)));
    await writeSynced(join(folder, path), await bucket.read(path));
  }
  return readPublishedTree(folder);
}

async function readVerified(target: string, tree: TreeReader, root: string): Promise<PublishedTree> {
  await assertWhole(target, tree);
  return readPublishedTree(root);
}

/** A version that is damaged can be neither compared with nor silently thrown away. */
async function assertWhole(target: string, tree: TreeReader): Promise<void> {
  const { ok, problems } = await verifyTree(target, tree);
  if (ok) return;
  throw publishTargetError(
    target,
    `the version that is there is damaged (${problems.join('; ')}); restore it, or remove it and publish anew`,
  );
}
