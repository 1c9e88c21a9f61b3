// A byte order mark is a character like any other inside a name, and no part of what a file says at its beginning.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import { expect, it } from 'vitest';
import { rowsOf, processKind } from '../../../src/core/index.ts';
import type { ProcessRecord } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, runCommand } from '../../support/daemon.ts';

const names = ['\uFEFFx', 'a\uFEFFb', 'x\uFEFF', '\uFEFF', '"\uFEFF"'];

/** The names as another program finds them in a file. */
const readers: Readonly<Record<string, (path: string) => unknown[]>> = {
  csv: (path) => pl.readCSV(path, { quoteChar: '"' }).getColumn('name').toArray(),
  parquet: (path) => pl.readParquet(path).getColumn('name').toArray(),
  arrow: (path) => pl.readIPC(readFileSync(path)).getColumn('name').toArray(),
  db: (path) => {
    using file = new DatabaseSync(path, { readOnly: true });
    return file
      .prepare('SELECT name FROM process ORDER BY pid')
      .all()
      .map((row) => row['name']);
  },
};

it('export keeps a byte order mark in a name, and what reads it back has it', async () => {
  await using home = await createTestHome();
  const timestamp = Date.now() - 10_000;
  await using history = await openHistory(home.history, { retainMs: Infinity });
  const rows = names.map((name, i) => ({ timestamp, pid: 100 + i, name, rss_kib: 1000 }) as ProcessRecord);
  history.append('process', rows);
  await history.close();
  const exportTo = async (suffix: string): Promise<string> => {
    const path = join(home.root, `out.${suffix}`);
    const words = ['export', '--no-anonymize', '--yes', '--tables', 'process', '--output', path];
    const { code, stderr } = await runCommand(home, words);
    expect(code, stderr).toBe(0);
    return path;
  };
  for (const [suffix, read] of Object.entries(readers))
    expect(read(await exportTo(suffix)), suffix).toEqual(names);
  const lines = (await readFile(await exportTo('jsonl'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(names);
  // This side reads Arrow's own bytes, whose texts TextDecoder would shorten.
  const { batches } = arrow.tableFromIPC(await readFile(join(home.root, 'out.arrow')));
  expect(batches.flatMap((batch) => rowsOf(processKind, batch)).map(({ name }) => name)).toEqual(names);
});

it('samples import takes a file that begins with a byte order mark', async () => {
  await using home = await createTestHome();
  const file = join(home.root, 'samples.json');
  await writeFile(file, '\uFEFF[]');
  const { code, stderr } = await runCommand(home, ['samples', 'import', file]);
  expect(code, stderr).toBe(0);
});
