// The examples of docs/dag.md on graphs, cost models, cuts and attention run as they stand.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

it.each([
  ['Graph', ['[ 0, 1, 2 ]', '0 => 0']],
  ['Cost models', ['rows: 1000', 'median: ', 'bestChosen: ']],
  ['Min cut', ['threshold_crossed 0.75', '[ 1, 2 ] 800 0.75', '1400']],
  ['Attention', ['0 => 0.895', '-0.75']],
])('docs/dag.md has examples that run in the section %s', (section, expected) => {
  const page = readFileSync(join(root, 'docs/dag.md'), 'utf8');
  const text = page.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  const examples = Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!);
  expect(examples.length).toBeGreaterThan(0);
  const door = pathToFileURL(join(root, 'src/dag/index.ts')).href;
  const folder = mkdtempSync(join(tmpdir(), 'rvm-dag-'));
  try {
    const output = examples.map((code, at) => {
      const path = join(folder, `example-${at}.mts`);
      writeFileSync(path, code.replace("'ruvector-memopt/dag'", `'${door}'`));
      return execFileSync(process.execPath, [path], { encoding: 'utf8' });
    });
    for (const words of expected) expect(output.join('')).toContain(words);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
