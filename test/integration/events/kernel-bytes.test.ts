// The committed module of the kernels is what its sources give, and whoever has no WebAssembly decodes without it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STATE_FIELDS } from '../../../src/events/kernels/kernel-state.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const kernels = join(root, 'src', 'events', 'kernels');

describe('kernel-bytes.ts', () => {
  it('holds the bytes that a build of the sources gives', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'scripts/build-kernels.mjs'), '--check'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).not.toContain('Cannot');
    expect(status).toBe(0);
  });

  it('STATE_FIELDS names the words that the kernels use', () => {
    const source = readFileSync(join(kernels, 'assembly', 'state.ts'), 'utf8');
    const offsets = [...source.matchAll(/^export const \w+: usize = (\d+);$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(offsets).toEqual(Object.values(STATE_FIELDS).map((word) => word * 4));
  });
});

describe('selectDecoders()', () => {
  it.each([
    ['WebAssembly', 'no WebAssembly'],
    ['SharedArrayBuffer', 'no shared memory'],
  ])('takes TypeScript, and says why, in a process without %s', (missing, why) => {
    const script = `
      // Node strips types by WebAssembly of its own, which it loads with the first TypeScript.
      await import('${join(root, 'src', 'core', 'plain', 'index.ts')}');
      delete globalThis.${missing};
      const { selectDecoders } = await import('${join(kernels, 'index.ts')}');
      const { engine, reason } = selectDecoders();
      console.log(JSON.stringify({ engine, reason }));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      // What a cache holds needs no stripping, and would bring none of it.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    });
    expect(JSON.parse(stdout)).toEqual({
      engine: 'typescript',
      reason: expect.stringContaining(why) as string,
    });
  });
});
