// The hash by which files and packages are known.
import { createHash } from 'node:crypto';

/** Lower-case hexadecimal SHA-256. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
