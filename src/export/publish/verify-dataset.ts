// Checks a published tree against its checksums and its signature: every file there, none changed, none more.
import type { KeyObject } from 'node:crypto';
import { createFolderReader } from './tree-reader.ts';
import type { TreeEntry, TreeReader } from './tree-reader.ts';
import { checksumsName, parseChecksums } from './checksums.ts';
import { adviseOnReading, isRuvectorError, messageOf, systemCodeOf } from '../../core/index.ts';
import { unreadTargetError } from './errors.ts';
import { openBucket, parseBucketUrl } from './bucket.ts';
import {
  fingerprintOf,
  isSignedBy,
  parsePublicKey,
  publicKeyName,
  readPublicKey,
  signatureName,
} from './signature.ts';

/** How to check. */
export interface VerifyOptions {
  /** File of the public key that must have signed; unset takes the one in the tree and only says which it is. */
  readonly publicKey?: string | undefined;
  readonly endpointUrl?: string | undefined;
}

/** What was found. */
export interface VerifyReport {
  readonly target: string;
  readonly ok: boolean;
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[];
  /** Files that are as their checksums say. */
  readonly filesOk: number;
  readonly version: string | null;
  readonly signature: 'none' | 'good' | 'bad';
  /** Of the key that signed, when the signature is good. */
  readonly keyFingerprint: string | null;
  /** The caller named that key. */
  readonly keyTrusted: boolean;
}

/**
 * Checks a tree in a folder or a bucket.
 * @throws RuvectorError `ERR_EXPORT_PUBLISH_TARGET` when it cannot be read, `ERR_EXPORT_SIGNING_KEY`
 */
export async function verifyDataset(target: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const trusted = options.publicKey === undefined ? null : await readPublicKey(options.publicKey);
  const location = parseBucketUrl(target);
  if (!location) return verifyTree(target, createFolderReader(target), trusted);
  await using bucket = await openBucket(location, options.endpointUrl);
  return verifyTree(target, bucket, trusted);
}

/** Checks a tree. */
export async function verifyTree(
  target: string,
  tree: TreeReader,
  trusted: KeyObject | null = null,
): Promise<VerifyReport> {
  const entries = await listEntries(target, tree);
  const problems = entries
    .filter(({ kind }) => kind !== 'file')
    .map(({ path, kind }) => `"${path}" is a ${kind}, and a dataset has only files`);
  const files = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => path));
  const unread = { target, filesOk: 0, version: null, signature: 'none', keyFingerprint: null } as const;
  if (!files.has(checksumsName)) {
    return {
      ...unread,
      ok: false,
      // Of a folder that was never published, what lies in it is no news.
      problems: [`"${checksumsName}" is missing: no dataset was published there, or it was removed`],
      keyTrusted: false,
    };
  }
  const checksums = await tree.read(checksumsName);
  const filesOk = await checkFiles(checksums.toString('utf8'), files, tree, problems);
  const signed = await checkSignature(checksums, files, tree, trusted, problems);
  const version = problems.length === 0 ? await readVersion(tree) : null;
  return { target, ok: problems.length === 0, problems, filesOk, version, ...signed };
}

async function listEntries(target: string, tree: TreeReader): Promise<readonly TreeEntry[]> {
  try {
    return await tree.list();
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (isRuvectorError(cause) || code === undefined) throw cause;
    const state = code === 'ENOENT' ? 'there is no such folder' : adviseOnReading(cause).state;
    throw unreadTargetError(target, `${state}; name the folder or bucket it was published to`, cause);
  }
}

async function checkFiles(
  text: string,
  files: ReadonlySet<string>,
  tree: TreeReader,
  problems: string[],
): Promise<number> {
  let wanted: Map<string, string>;
  try {
    wanted = parseChecksums(text);
  } catch (error) {
    problems.push(`"${checksumsName}" cannot be used: ${messageOf(error)}`);
    return 0;
  }
  let good = 0;
  for (const [path, sha256] of wanted) {
    if (!files.has(path)) {
      problems.push(`"${path}" is missing`);
      continue;
    }
    const found = await tree.digest(path);
    if (found === sha256) good++;
    else problems.push(`"${path}" was changed: its sha256 is ${found}, not ${sha256}`);
  }
  const besides = new Set([checksumsName, signatureName, publicKeyName]);
  for (const path of files) {
    if (!wanted.has(path) && !besides.has(path)) problems.push(`"${path}" is not part of the dataset`);
  }
  if (!wanted.has('provenance.json')) problems.push(`"provenance.json" is not in "${checksumsName}"`);
  return good;
}

type Signed = Pick<VerifyReport, 'signature' | 'keyFingerprint' | 'keyTrusted'>;

async function checkSignature(
  checksums: Buffer,
  files: ReadonlySet<string>,
  tree: TreeReader,
  trusted: KeyObject | null,
  problems: string[],
): Promise<Signed> {
  const none = { keyFingerprint: null, keyTrusted: false };
  if (!files.has(signatureName)) {
    if (trusted) problems.push('it is not signed');
    else if (files.has(publicKeyName))
      problems.push(`"${signatureName}" is missing although "${publicKeyName}" is there`);
    return { signature: 'none', ...none };
  }
  const key = trusted ?? (await readTreeKey(files, tree, problems));
  if (!key) return { signature: 'bad', ...none };
  if (!isSignedBy(checksums, await tree.read(signatureName), key)) {
    problems.push(`"${signatureName}" is not a signature of "${checksumsName}" by key ${fingerprintOf(key)}`);
    return { signature: 'bad', ...none };
  }
  return { signature: 'good', keyFingerprint: fingerprintOf(key), keyTrusted: trusted !== null };
}

async function readTreeKey(
  files: ReadonlySet<string>,
  tree: TreeReader,
  problems: string[],
): Promise<KeyObject | null> {
  if (!files.has(publicKeyName)) {
    problems.push(`"${publicKeyName}" is missing; name the public key to check the signature with`);
    return null;
  }
  try {
    return parsePublicKey(publicKeyName, await tree.read(publicKeyName));
  } catch (error) {
    problems.push(messageOf(error));
    return null;
  }
}

async function readVersion(tree: TreeReader): Promise<string> {
  const text = (await tree.read('provenance.json')).toString('utf8');
  return (JSON.parse(text) as { version: string }).version;
}
