// A Parquet object in an S3 bucket: written to a temporary file by a plan, then put in its place in one request, so
// that the object is there whole or not at all.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBucket, parseBucketUrl } from '../../export/publish/index.ts';
import type { BucketLocation } from '../../export/publish/index.ts';
import { createFileSink, defineSink } from '../../pipeline/index.ts';
import type { NativeSink, SinkEntry } from '../../pipeline/index.ts';

export const s3Sink: SinkEntry = defineSink({
  name: 's3-parquet',
  about: 'a Parquet object in an S3 bucket, up to 5 GiB; needs `@aws-sdk/client-s3` beside it',
  options: {
    url: {
      type: 'text',
      about: '`s3://bucket/path/name.parquet`',
      example: 's3://datasets/memory/day.parquet',
    },
    endpointUrl: {
      type: 'text',
      defaultText: "Amazon's",
      about: 'of another S3-compatible server',
      example: 'http://127.0.0.1:9000',
    },
    compression: {
      type: 'choice',
      choices: ['zstd', 'snappy', 'none'],
      default: 'zstd',
      about: 'how it is compressed',
      example: 'snappy',
    },
  },
  required: ['url'],
  check: ({ url }) =>
    url !== undefined && locate(url) === null
      ? [`url is "${url}", wanted s3://bucket/path/name.parquet`]
      : [],
  create: ({ url, endpointUrl, compression }) => createS3Sink(url, { endpointUrl, compression }),
});

function locate(url: string): (BucketLocation & { readonly key: string }) | null {
  const found = parseBucketUrl(url);
  const name = found?.prefix.split('/').at(-1) ?? '';
  if (!found || !name.endsWith('.parquet')) return null;
  return { bucket: found.bucket, prefix: found.prefix.split('/').slice(0, -1).join('/'), key: name };
}

interface S3SinkOptions {
  readonly endpointUrl: string | undefined;
  readonly compression: 'zstd' | 'snappy' | 'none';
}

function createS3Sink(url: string, { endpointUrl, compression }: S3SinkOptions): NativeSink {
  const { key, ...location } = locate(url)!;
  let folder: string | null = null;
  let file: NativeSink | null = null;
  const open = async (signal?: AbortSignal): Promise<string> => {
    // Told before hours of work, not after: the client is missing, or the bucket is.
    await using bucket = await openBucket(location, endpointUrl);
    await bucket.list();
    folder = await mkdtemp(join(tmpdir(), 'ruvector-s3-'));
    file = createFileSink({ path: join(folder, key), format: 'parquet', compression });
    return file.open(signal);
  };
  const remove = async (): Promise<void> => {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  return {
    name: url,
    partRows: createFileSink({ path: key, format: 'parquet' }).partRows,
    open,
    write: (frame, path, part) => file!.write(frame, path, part),
    append: (path) => file!.append(path),
    finish: async () => {
      const notes = await file!.finish();
      await using bucket = await openBucket(location, endpointUrl);
      await bucket.put(folder!, key);
      await remove();
      return notes;
    },
    abort: async () => {
      await file?.abort();
      await remove();
    },
  };
}
