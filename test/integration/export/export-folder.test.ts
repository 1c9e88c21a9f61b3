import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/files/make-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-folder-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('makeFolder()', () => {
  it('makes what is missing and says where it began', async () => {
    expect(await makeFolder(join(root, 'a', 'b', 'c'), 0o700)).toBe(join(root, 'a'));
    expect((await stat(join(root, 'a', 'b', 'c'))).mode & 0o777).toBe(0o700);
    expect(await makeFolder(join(root, 'a', 'b', 'c'))).toBeUndefined();
  });

  it('rejects below a folder that takes no folders, instead of never returning', async () => {
    await expect(makeFolder('/proc/ruvector/export')).rejects.toThrow(/ENOENT|EPERM|EACCES/);
  });
});
