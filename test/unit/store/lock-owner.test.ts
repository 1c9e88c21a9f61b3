import { describe, expect, it } from 'vitest';
import { parseLockers } from '../../../src/store/lock-owner.ts';

const locks = `1: POSIX  ADVISORY  READ 3845 fe:00:4243575 128 128
2: FLOCK  ADVISORY  WRITE 77 fe:00:42 0 EOF
3: POSIX  ADVISORY  WRITE 0 fe:00:4243000 0 EOF
3: -> POSIX  ADVISORY  WRITE 99 fe:00:4243492 0 EOF
4: POSIX  ADVISORY  WRITE 4439 fe:00:4243492 1073741824 1073742335
`;

describe('parseLockers()', () => {
  it.each([
    ['the process that has the write lock', 4_243_492, 4439],
    ['nobody for a lock to read', 4_243_575, null],
    ['nobody for another kind of lock', 42, null],
    ['nobody for a process of another container', 4_243_000, null],
    ['nobody for another file', 1, null],
  ])('names %s', (_, inode, pid) => {
    expect(parseLockers(locks, inode)).toBe(pid);
  });
});
