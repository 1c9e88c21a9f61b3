// `export --output -`: the rows have standard output for themselves, and whoever reads them may leave.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExportRequests } from '../../../src/app/requests/export-requests.ts';
import { defaultConfig } from '../../../src/app/host/config.ts';
import { buildFeatureSpec } from '../../../src/prepare/index.ts';
import { createClientExporter } from '../../../src/client/exporter.ts';
import { createTestHome, finished } from '../../support/daemon.ts';
import { writeExportHistory } from '../../support/export/export-home.ts';
import { python } from '../../support/python.ts';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
const ROWS = 3000;

let home: Awaited<ReturnType<typeof createTestHome>>;
let folder: string;

beforeAll(async () => {
  home = await createTestHome();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'ruvector-stdout-')));
  await writeExportHistory(home, ROWS);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await home[Symbol.asyncDispose]();
});

/** Runs `sh -c` with the command line as `"$@"`. */
async function shell(script: string, args: readonly string[]) {
  const command = [process.execPath, bin, '--home', home.root, 'export', ...args];
  return finished(
    spawn('sh', ['-c', script, 'sh', ...command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

describe('export --output -', () => {
  it('writes rows to standard output and everything else to standard error', async () => {
    const { stdout, stderr, code } = await shell('"$@"', ['--format', 'jsonl', '--output', '-', '--json']);
    expect(code, stderr).toBe(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows.length).toBe(ROWS);
    expect(rows.every((row) => typeof JSON.parse(row) === 'object')).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ rows: ROWS, bytes: stdout.length, notes: [] });
  });

  it('appends where the shell does', async () => {
    const args = ['--format', 'csv', '--output', '/dev/stdout'];
    expect((await shell('echo first > out; "$@" >> out 2>/dev/null', args)).code).toBe(0);
    const lines = (await readFile(join(folder, 'out'), 'utf8')).trimEnd().split('\n');
    expect([lines[0], lines.length]).toEqual(['first', ROWS + 2]);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('ends silently with 128 + SIGPIPE when its reader leaves', async () => {
    const args = ['--format', 'csv', '--columns', 'all', '--output', '-'];
    const script = '{ "$@" 2>err; echo "ended with $?" >&2; } | head -n 1';
    const { stdout, stderr } = await shell(script, args);
    expect(stdout).toMatch(/^"timestamp","total_mb",.*\n$/);
    expect(stderr).toBe('ended with 141\n');
    expect(await readFile(join(folder, 'err'), 'utf8')).toBe('');
  });

  it('refuses to show a terminal what is no text', async () => {
    const script = `import os, pty, subprocess, sys
ours, theirs = pty.openpty()
done = subprocess.run(sys.argv[1:], stdout=theirs, stderr=subprocess.PIPE)
os.write(2, done.stderr)
sys.exit(done.returncode)`;
    const command = [
      process.execPath,
      bin,
      '--home',
      home.root,
      'export',
      '--format',
      'parquet',
      '--output',
      '-',
    ];
    const child = spawn(python, ['-c', script, ...command]);
    const { code, stderr } = await finished(child);
    expect(stderr).toMatch(
      /ERR_FILES_TARGET: Cannot write to "-": it is a terminal, and this format is not text/,
    );
    expect(code).toBe(2);
  });

  it('stops waiting for the reader of a pipe when it is interrupted', async () => {
    await once(spawn('mkfifo', [join(folder, 'pipe')]), 'exit');
    const args = [bin, '--home', home.root, 'export', '--format', 'csv', '--output', join(folder, 'pipe')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const result = finished(child);
    child.stderr.on('data', (text: Buffer) => {
      if (text.includes('waiting until somebody reads')) child.kill('SIGINT');
    });
    expect((await result).stderr).toMatch(/ERR_EXPORT_CANCELLED/);
  });
});

describe('an export that another process asks for', () => {
  it('buildExportRequests() gives nobody the descriptors of the daemon', async () => {
    const history = { flush: async () => {} } as never;
    const host = { history, home, spec: buildFeatureSpec(), config: defaultConfig };
    const request = buildExportRequests(host)['export.range']!;
    const context = { signal: new AbortController().signal, progress: () => {} } as never;
    await expect(request({ path: '/dev/stdout', format: 'csv' }, context)).rejects.toMatchObject({
      code: 'ERR_FILES_TARGET',
    });
    expect(() => request({ path: '-', format: 'csv' }, context)).toThrow(/wanted an absolute path/);
  });

  it('createClientExporter() refuses "-" before it is sent', async () => {
    const exporter = createClientExporter(null as never);
    await expect(exporter.exportRecent(1, { path: '-', format: 'csv' })).rejects.toThrow(
      /path is "-", and the daemon writes the file/,
    );
  });
});
