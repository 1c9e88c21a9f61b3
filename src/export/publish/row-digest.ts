// 64-bit row hashes to tell whether a row of one version is in another: the first 8 bytes of SHA-256 over its
// values. Not for secrets.
import { hash } from 'node:crypto';
import type * as arrow from 'apache-arrow';

/** One hash a row. */
export function hashRowsWide(batch: arrow.RecordBatch): BigUint64Array {
  const vectors = Array.from({ length: batch.numCols }, (_, column) => batch.getChildAt(column)!);
  const hashes = new BigUint64Array(batch.numRows);
  for (let row = 0; row < hashes.length; row++) {
    const text = vectors.map((vector) => String(vector.get(row))).join('\u0000');
    hashes[row] = hash('sha256', text, 'buffer').readBigUInt64LE(0);
  }
  return hashes;
}
