import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listLeftBehind, removeLeftBehind } from '../../../../src/app/setup/left-behind.ts';
import { homeParts, partOf, resolveHome } from '../../../../src/core/index.ts';

/** What lies elsewhere on this machine is not this test's. */
const within = async (root: string): ReturnType<typeof listLeftBehind> =>
  (await listLeftBehind(resolveHome(root))).filter(({ path }) => path.startsWith(root));

it('removeLeftBehind() leaves nothing of a home that has every part, and what is not ours where there is some', async () => {
  const root = await mkdtemp(join(tmpdir(), 'rvm-left-'));
  try {
    const home = resolveHome(root);
    const parts = Object.keys(homeParts) as (keyof typeof homeParts)[];
    const make = (): Promise<unknown> => Promise.all(parts.map((part) => mkdir(partOf(home, part))));
    await make();
    await writeFile(join(root, 'mine.txt'), 'mine');
    await writeFile(join(root, 'ruvector-memopt.yaml'), 'hz: 2\n');
    const found = await within(root);
    expect(found.filter(({ byHand }) => byHand === null)).toHaveLength(parts.length);
    expect(found.find(({ path }) => path.endsWith('.yaml'))?.byHand).toBe(
      `rm ${join(root, 'ruvector-memopt.yaml')}`,
    );
    await removeLeftBehind(home, found);
    expect(existsSync(join(root, 'mine.txt'))).toBe(true);
    await rm(join(root, 'mine.txt'));
    await rm(join(root, 'ruvector-memopt.yaml'));
    await make();
    await removeLeftBehind(home, await within(root));
    expect(existsSync(root)).toBe(false);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
