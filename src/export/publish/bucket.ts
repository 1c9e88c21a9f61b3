// A tree in an S3 bucket, through the AWS SDK's client, which is an optional peer and loaded on first use.
// Credentials and region come by the SDK's own chain (environment, profile, instance role).
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as S3 from '@aws-sdk/client-s3';
import { isRuvectorError } from '../../core/index.ts';
import { checksumsName } from './checksums.ts';
import { digestStream } from './tree-reader.ts';
import type { TreeReader } from './tree-reader.ts';
import { publicKeyName, signatureName } from './signature.ts';
import { claimBucket, claimName } from './bucket-claim.ts';
import type { BucketClaim } from './bucket-claim.ts';
import { noS3Error, s3Error } from './errors.ts';

/** Where in which bucket. */
export interface BucketLocation {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** A tree below a prefix. */
export interface Bucket extends TreeReader, AsyncDisposable {
  /** Keeps other publishers off. @throws RuvectorError `ERR_EXPORT_BUSY` while one is at it */
  claim(): Promise<BucketClaim>;
  /** Puts one local file below the prefix, by its path from the root; it is there whole or not at all. */
  put(root: string, path: string): Promise<void>;
  /**
   * Puts a local tree in its place: data first, the files that describe it last, then what is no longer part of it
   * is removed.
   * @returns paths that were removed
   */
  replace(
    root: string,
    paths: readonly string[],
    onUpload: (done: number) => void,
    signal?: AbortSignal,
  ): Promise<string[]>;
}

/** Undefined for anything but `s3://bucket[/prefix]`. */
export function parseBucketUrl(text: string): BucketLocation | undefined {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text);
  return match ? { bucket: match[1]!, prefix: (match[2] ?? '').replace(/^\/+|\/+$/g, '') } : undefined;
}

/**
 * Opens a bucket.
 * @param endpointUrl of an S3-compatible server; it is then addressed path-style
 * @throws RuvectorError `ERR_EXPORT_NO_S3` when the client is not installed
 */
export async function openBucket(location: BucketLocation, endpointUrl?: string): Promise<Bucket> {
  const s3 = await importClient();
  const client = new s3.S3Client({
    ...(endpointUrl !== undefined && { endpoint: endpointUrl, forcePathStyle: true }),
    // A region is asked for even by servers that have none.
    ...(process.env['AWS_REGION'] === undefined && endpointUrl !== undefined && { region: 'us-east-1' }),
  });
  return createBucket(s3, client, location);
}

async function importClient(): Promise<typeof S3> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (cause) {
    throw noS3Error(cause);
  }
}

function createBucket(s3: typeof S3, client: S3.S3Client, { bucket, prefix }: BucketLocation): Bucket {
  const keyOf = (path: string): string => (prefix ? `${prefix}/${path}` : path);
  const url = `s3://${bucket}/${prefix}`;
  const get = async (path: string): Promise<AsyncIterable<Uint8Array>> => {
    const { Body } = await ask(
      url,
      client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: keyOf(path) })),
    );
    return Body as unknown as AsyncIterable<Uint8Array>;
  };
  const list = async (): Promise<string[]> => {
    const paths: string[] = [];
    const pages = s3.paginateListObjectsV2(
      { client },
      { Bucket: bucket, Prefix: prefix ? `${prefix}/` : '' },
    );
    const read = async (): Promise<void> => {
      for await (const { Contents = [] } of pages) {
        for (const { Key } of Contents) paths.push(Key!.slice(prefix ? prefix.length + 1 : 0));
      }
    };
    await ask(url, read());
    return paths.filter((path) => path !== claimName).toSorted();
  };
  const put = async (root: string, path: string): Promise<void> => {
    const file = join(root, path);
    const { size } = await stat(file);
    const command = new s3.PutObjectCommand({
      Bucket: bucket,
      Key: keyOf(path),
      Body: createReadStream(file),
      ContentLength: size,
      ContentType: contentType(path),
    });
    await ask(url, client.send(command));
  };
  const remove = async (path: string): Promise<void> => {
    await ask(url, client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: keyOf(path) })));
  };
  return {
    list: async () => (await list()).map((path) => ({ path, kind: 'file' as const })),
    read: async (path) => Buffer.concat(await Array.fromAsync(await get(path))),
    digest: async (path) => digestStream(await get(path)),
    claim: async () => ask(url, claimBucket({ s3, client, bucket, key: keyOf(claimName), url })),
    put,
    replace: async (root, paths, onUpload, signal) => {
      for (const [done, path] of paths.toSorted(byUploadOrder).entries()) {
        signal?.throwIfAborted();
        await put(root, path);
        onUpload(done + 1);
      }
      const stale = (await list()).filter((path) => !paths.includes(path));
      for (const path of stale) await remove(path);
      return stale;
    },
    [Symbol.asyncDispose]: async () => Promise.resolve(client.destroy()),
  };
}

/** Data, then descriptions, then what says that all of it is there. */
function byUploadOrder(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || (a < b ? -1 : 1);
}

const last = ['README.md', publicKeyName, signatureName, checksumsName];

function rankOf(path: string): number {
  return path.startsWith('data/') ? 0 : 2 + last.indexOf(path);
}

async function ask<T>(url: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (isRuvectorError(cause)) throw cause;
    const code = cause instanceof Error ? cause.name : 'unknown';
    throw s3Error(url, code, cause);
  }
}

function contentType(path: string): string {
  const suffix = path.slice(path.lastIndexOf('.') + 1);
  return contentTypes[suffix] ?? 'text/plain; charset=utf-8';
}

const contentTypes: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  json: 'application/json',
  md: 'text/markdown; charset=utf-8',
  sig: 'application/octet-stream',
};
