// One publisher at a time below a prefix of a bucket: an object that only one can create, by a conditional write. Who
// holds it renews it; one that was not renewed for minutes is of a publisher that died, and is taken over.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
import { randomUUID } from 'node:crypto';
import type * as S3 from '@aws-sdk/client-s3';
import { bucketBusyError } from './errors.ts';

/** Name of the object, below the prefix. It is no part of a dataset. */
export const claimName = '.publishing';

/** A claim that is not renewed for so long is nobody's. */
const LEASE_MS = 300_000;
const RENEW_MS = 60_000;

/** A prefix that nobody else publishes to; closing gives it back. */
export interface BucketClaim extends AsyncDisposable {
  /** @throws RuvectorError `ERR_EXPORT_BUSY` when somebody took it over */
  assertHeld(): void;
}

/** Where to claim, and with what. */
export interface ClaimRequest {
  readonly s3: typeof S3;
  readonly client: S3.S3Client;
  readonly bucket: string;
  readonly key: string;
  /** What the place is called in errors. */
  readonly url: string;
}

/**
 * Claims a prefix. A server without conditional writes gives a claim that holds nobody off.
 * @throws RuvectorError `ERR_EXPORT_BUSY` while somebody else publishes there
 */
export async function claimBucket(request: ClaimRequest): Promise<BucketClaim> {
  const { url } = request;
  let etag = await takeFree(request);
  if (etag === 'unsupported') return { assertHeld: () => {}, [Symbol.asyncDispose]: async () => {} };
  let isLost = false;
  const timer = setInterval(() => {
    void write(request, { IfMatch: etag }).then(
      (renewed) => void (etag = renewed),
      (error: unknown) => void (isLost ||= isRefused(error)),
    );
  }, RENEW_MS).unref();
  return {
    assertHeld: () => {
      if (isLost) throw bucketBusyError(url, 'was taken for dead and somebody else publishes there');
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      const { s3, client, bucket, key } = request;
      // Who cannot remove it leaves it to its lease.
      const removal = new s3.DeleteObjectCommand({ Bucket: bucket, Key: key });
      if (!isLost) await client.send(removal).catch(() => undefined);
    },
  };
}

/** The tag of the object that is ours now. */
async function takeFree(request: ClaimRequest): Promise<string> {
  try {
    return await write(request, { IfNoneMatch: '*' });
  } catch (error) {
    if (nameOf(error) === 'NotImplemented') return 'unsupported';
    if (!isRefused(error)) throw error;
    return await takeOver(request);
  }
}

async function takeOver(request: ClaimRequest): Promise<string> {
  const { s3, client, bucket, key, url } = request;
  const busy = (): Error => bucketBusyError(url, 'publishes there now');
  const held = await client
    .send(new s3.HeadObjectCommand({ Bucket: bucket, Key: key }))
    .catch((error: unknown) => {
      // It was given back a moment ago.
      if (nameOf(error) === 'NotFound') throw busy();
      throw error;
    });
  const sinceMs = Date.now() - (held.LastModified?.getTime() ?? 0);
  if (sinceMs < LEASE_MS) throw busy();
  return write(request, { IfMatch: held.ETag! }).catch((error: unknown) => {
    throw isRefused(error) ? busy() : error;
  });
}

async function write(
  { s3, client, bucket, key }: ClaimRequest,
  condition: Pick<S3.PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>,
): Promise<string> {
  // Two publishers never write the same bytes: the tag would not tell them apart.
  const Body = `${randomUUID()}\n`;
  const { ETag } = await client.send(
    new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'text/plain', ...condition }),
  );
  return ETag!;
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

const isRefused = (error: unknown): boolean =>
  ['PreconditionFailed', 'ConditionalRequestConflict'].includes(nameOf(error));
