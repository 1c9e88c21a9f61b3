// Two leases as one.
import type { MemoryLease } from '../contract.ts';

/** What `second` adds to `first`; bytes go back from the second first. */
export function joinLeases(first: MemoryLease, second: MemoryLease): MemoryLease {
  return {
    get bytes() {
      return first.bytes + second.bytes;
    },
    shrink(toBytes) {
      second.shrink(Math.max(0, toBytes - first.bytes));
      first.shrink(toBytes);
    },
    release() {
      second.release();
      first.release();
    },
  };
}
