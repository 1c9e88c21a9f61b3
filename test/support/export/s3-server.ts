// A real HTTP server that speaks S3, for tests: moto, in a Python process that ends with this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { python } from '../python.ts';

/** A running server with one empty bucket. */
export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly bucket: string;
  readonly client: S3Client;
}

/** Starts it. The SDK's own chain finds its credentials in the environment. */
export async function startS3Server(): Promise<S3Server> {
  const child = spawn(python, [join(import.meta.dirname, 's3-server.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const client = new S3Client({ endpoint: url, forcePathStyle: true, region: 'us-east-1' });
  const bucket = 'datasets';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    url,
    bucket,
    client,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
