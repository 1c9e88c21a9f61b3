// Compares secrets.
import { createHash, timingSafeEqual } from 'node:crypto';

/** Digests have one length, so the comparison takes the same time for every guess, also for a shorter one. */
export function isToken(given: unknown, wanted: string): boolean {
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
