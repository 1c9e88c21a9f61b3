import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findUserHome, resolveHome, userFolder } from '../../../src/core/index.ts';

interface Case {
  readonly title: string;
  readonly directory?: string;
  readonly env: Record<string, string>;
  readonly passwd?: string;
  readonly root?: string;
  readonly error?: string;
}

const table = join(import.meta.dirname, '..', '..', 'golden', 'home.json');
const cases = JSON.parse(readFileSync(table, 'utf8')) as Case[];

describe('resolveHome()', () => {
  it.each(cases.map((each) => [each.title, each] as const))(
    'follows the table that Python follows: %s',
    (_, { directory, env, passwd, root, error }) => {
      const find = (): string => resolveHome(directory, { env, passwdHome: () => passwd ?? null }).root;
      if (root !== undefined) expect(find()).toBe(root);
      else {
        expect(find).toThrow(error!);
        expect(find).toThrow(expect.objectContaining({ code: 'ERR_APP_HOME' }));
      }
    },
  );

  it('takes a relative path only as the argument, and keeps everything below the root', () => {
    const home = resolveHome('data', { env: {}, passwdHome: () => null });
    expect(home.root).toBe(resolve('data'));
    expect(home.bridgeFile).toBe(join(home.root, 'run', 'bridge.json'));
  });
});

describe('userFolder()', () => {
  it('ignores a relative variable as the XDG specification asks', () => {
    const env = { XDG_CACHE_HOME: 'cache', HOME: '/h' };
    expect(userFolder('XDG_CACHE_HOME', '.cache', { env, passwdHome: () => null })).toBe('/h/.cache');
  });
});

describe('findUserHome()', () => {
  it('names --home where neither HOME nor a passwd entry says where', () => {
    expect(() => findUserHome({ env: { HOME: '' }, passwdHome: () => null })).toThrow('--home');
  });
});
