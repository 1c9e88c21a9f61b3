// The README's own examples run as they stand.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, startDaemon } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-readme-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The example in a language that begins with these words. */
async function example(language: string, start: string): Promise<string> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'));
  const block = blocks.map((found) => found[1]!).find((code) => code.startsWith(start));
  if (block === undefined) throw new Error(`README.md has no ${language} example that starts with ${start}`);
  return block;
}

it('README.md streams, fits and deploys by its Python example', async () => {
  await using home = await createTestHome();
  {
    await using history = await openHistory(home.history);
    const rows = pressuredSnapshots(2000);
    const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
    history.append(
      'memory',
      rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
    );
  }
  await using _daemon = await startDaemon(home);
  const env = { ...process.env, RUVECTOR_HOME: home.root };
  const { stdout } = await run(python, ['-c', await example('python', 'import ruvector')], {
    cwd: folder,
    env,
  });
  const lines = stdout.trim().split('\n');
  const streamed = lines.slice(0, -2).reduce((sum, line) => sum + Number(line), 0);
  expect(streamed).toBeGreaterThanOrEqual(2000);
  expect(lines.at(-1)).toMatch(/^macro-F1 0\.\d+ on \d+ held-out rows is not below live memopt@/);
});

it('README.md samples into a history by its TypeScript example', async () => {
  const door = pathToFileURL(join(root, 'src', 'index.ts')).href;
  const code = (await example('ts', 'import')).replace("'ruvector-memopt'", `'${door}'`);
  await writeFile(join(folder, 'example.mts'), code);
  await run(process.execPath, ['example.mts'], { cwd: folder });
  await using history = await openHistory(join(folder, 'history'), { readOnly: true });
  expect(history.stats().kinds['memory']!.rows).toBe(1);
});
