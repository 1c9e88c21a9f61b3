// Every command line of README and docs: run as it stands, on one daemon and one home with a history, in an empty folder.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { resolveHome } from '../../../src/core/index.ts';
import { runCommand, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { argumentsOf, documents, readCommandLines } from '../../support/docs/command-lines.ts';
import type { CommandLine } from '../../support/docs/command-lines.ts';
import { findIdleRules, findTreatment } from '../../support/docs/treatments.ts';
import type { Treatment } from '../../support/docs/treatments.ts';
import { findFreePort } from '../../support/free-port.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';
import { until } from '../../support/until.ts';

const root = join(import.meta.dirname, '../../..');
const bin = join(root, 'bin', 'ruvector-memopt.mjs');
const withLines = documents.filter((file) => readCommandLines(file).length > 0);

let folder: string;
let daemon: Daemon;
let metricsPort: number;
let env: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-lines-'));
  const home = resolveHome(join(folder, 'home'));
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(1500);
  const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
  await history.close();
  metricsPort = await findFreePort();
  daemon = await startDaemon(home, ['--metrics', `127.0.0.1:${metricsPort}`]);
  await makeEnvironment();
  await mkdir(join(folder, 'work'));
  // Its first queries: all of them take a replay of 20 seeds ten seconds.
  const matrix = readFileSync(join(root, 'test', 'fixtures', 'limeqo', 'dsb.csv'), 'utf8');
  await writeFile(join(folder, 'work', 'dsb.csv'), matrix.split('\n').slice(0, 100).join('\n'));
  await writeFile(join(folder, 'work', 'nightly.yaml'), PIPELINE);
  env = {
    ...process.env,
    HOME: join(folder, 'user'),
    XDG_DATA_HOME: join(folder, 'user', 'data'),
    XDG_CACHE_HOME: join(folder, 'user', 'cache'),
    JUPYTER_DATA_DIR: join(folder, 'user', 'jupyter'),
    RUVECTOR_HOME: home.root,
    RUVECTOR_PYTHON: python,
  };
  await until(async () => (await runCommand(home, ['decide'])).code === 0, 'the daemon decides');
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const PIPELINE = `source:
  use: history
  with: { table: memory }
stages:
  - use: features
sink:
  use: csv
  with: { path: memory.csv }
`;

/** A Python environment that `--sys-prefix` may write into. */
async function makeEnvironment(): Promise<void> {
  const prefix = join(folder, 'environment');
  await mkdir(join(prefix, 'bin'), { recursive: true });
  await writeFile(join(prefix, 'pyvenv.cfg'), 'home = /usr/bin\n');
  await symlink('/usr/bin/python3', join(prefix, 'bin', 'python'));
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a line; ends it once it has said what it is run for. */
async function runLine(
  line: CommandLine,
  treatment: Exclude<Treatment, { kind: 'left out' }>,
): Promise<Ended> {
  const words = argumentsOf(line.text);
  const options = {
    cwd: join(folder, 'work'),
    env: {
      ...env,
      ...('isOnEmptyHome' in treatment && { RUVECTOR_HOME: join(folder, 'empty') }),
      ...(/kernel (install --sys-prefix|list)/.test(line.text) && {
        RUVECTOR_PYTHON: '',
        VIRTUAL_ENV: join(folder, 'environment'),
      }),
    },
  };
  const free = (word: string): string => word.replace(/^9999$/, '0');
  const child =
    words === null
      ? spawn('sh', ['-c', line.text.replace('9464', String(metricsPort))], options)
      : spawn(
          process.execPath,
          [bin, ...words.map(free), ...(treatment.kind === 'unit' ? ['--print-unit'] : [])],
          options,
        );
  let said = '';
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const listen = (chunk: Buffer): void => {
    said += chunk.toString();
    if (treatment.kind === 'until' && treatment.says.test(said)) child.kill('SIGINT');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  child.stdin.end();
  child.once('error', reject);
  child.once('close', resolve);
  return { code: await promise, said };
}

/** What stands in several documents does the same for each. */
const ran = new Set<string>();

it.each(withLines)('ruvector-memopt does what the command lines of %s say', async (file) => {
  for (const line of readCommandLines(file)) {
    const where = `${file}:${line.lineNumber} \`${line.text}\``;
    const treatment = findTreatment(line);
    expect(treatment, `${where} is known to no rule of test/support/docs/treatments.ts`).toBeDefined();
    if (treatment!.kind === 'left out') {
      expect(treatment!.problem, `${where} is left out because it ${treatment!.because}`).toBeNull();
    } else if (!ran.has(line.text)) {
      ran.add(line.text);
      const { code, said } = await runLine(line, treatment!);
      const says = treatment!.kind === 'unit' ? /^ExecStart=/m : treatment!.says;
      expect(said, where).toMatch(says);
      if (treatment!.kind !== 'until' && !line.text.endsWith('doctor'))
        expect(code, `${where}: ${said}`).toBe(treatment!.kind === 'run' ? treatment!.code : 0);
    }
  }
});

it('treatments.ts has no rule that no document needs', () => {
  expect(findIdleRules(documents.flatMap(readCommandLines))).toEqual([]);
});
