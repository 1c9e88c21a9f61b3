// The content hash of a training set: canonical JSON of what was asked for, a line feed, then the
// little-endian bytes of features, labels, timestamps and splits.
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

interface DigestColumns {
  readonly features: Float32Array;
  readonly labels: Int8Array;
  readonly timestamps: Float64Array;
  readonly splits: Uint8Array;
}

/** Lower-case hexadecimal SHA-256 over settings and columns. */
export function trainingSetSha256(settings: object, columns: DigestColumns): string {
  const hash = createHash('sha256').update(`${canonicalJson(settings)}\n`);
  for (const column of [columns.features, columns.labels, columns.timestamps, columns.splits]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}
