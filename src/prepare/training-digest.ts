// The content hash of a training set: canonical JSON of what was asked for, a line feed, then the
// little-endian bytes of features, labels, timestamps, splits and targets.
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { SplitColumns } from './training-columns.ts';

/** Hashes a set as it is built. */
export interface TrainingDigest {
  /** Takes features of further rows. */
  addFeatures(block: Float32Array): void;
  /** Lower-case hexadecimal SHA-256 over settings and all columns. Call once. */
  finish(columns: SplitColumns): string;
}

export function createTrainingDigest(settings: object): TrainingDigest {
  const hash = createHash('sha256').update(`${canonicalJson(settings)}\n`);
  return {
    addFeatures: (block) => void hash.update(bytesOf(block)),
    finish({ labels, timestamps, splits, targets }) {
      for (const column of [labels, timestamps, splits, targets]) hash.update(bytesOf(column));
      return hash.digest('hex');
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
