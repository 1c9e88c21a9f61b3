// The example of docs/steer.md on queries runs as it stands.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

it('docs/steer.md has an example that runs in the section Queries', () => {
  const page = readFileSync(join(root, 'docs/steer.md'), 'utf8');
  const code = /\n## Queries\n[^]*?```ts\n([^]*?)```/.exec(page)![1]!;
  // Beside the tests, so that packages are found.
  const path = join(import.meta.dirname, `example-${process.pid}.mts`);
  writeFileSync(path, code.replace("'ruvector-memopt/steer'", "'../../../src/steer/index.ts'"));
  try {
    const output = execFileSync(process.execPath, [path], { encoding: 'utf8' });
    expect(output).toBe("[ { n: 10 } ]\n[ [ 'unseen', 1 ] ]\n");
  } finally {
    rmSync(path);
  }
});
