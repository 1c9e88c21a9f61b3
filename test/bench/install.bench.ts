// What an installation takes: megabytes on the disk and seconds, of npm and of Python, from the packed tarball in an empty
// folder. The anchor is what it took before: the same with everything that was a dependency then, and CUDA skipped, without
// which it did not install at all where NuGet cannot be reached. npm's and pip's caches are as they are: run it twice.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { extras } from '../../src/core/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const exec = promisify(execFile);
const root = join(import.meta.dirname, '../..');

interface Taken {
  readonly megabytes: number;
  readonly seconds: number;
}

/** Runs a command in a folder. */
async function run(command: string, args: readonly string[], cwd: string, env = {}): Promise<string> {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const options = { cwd, maxBuffer: 2 ** 28, env: { ...process.env, PATH, ...env } };
  return (await exec(command, [...args], options)).stdout;
}

async function measureFolder(folder: string): Promise<number> {
  const kib = Number((await run('du', ['-sk', folder], folder)).split('\t')[0]);
  return (kib * 1024) / 1e6;
}

async function time(folder: string, measured: string, work: () => Promise<unknown>): Promise<Taken> {
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, megabytes: await measureFolder(join(folder, measured)) };
}

/** What was a dependency, at the versions of the checkout. */
async function listEarlier(): Promise<string[]> {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  const names = ['onnxruntime-node', ...Object.values(extras).flatMap(({ packages }) => packages)];
  return names.map((name) => `${name}@${devDependencies[name]}`);
}

async function installNpm(place: string, packages: readonly string[]): Promise<Taken> {
  const folder = await mkdtemp(join(place, 'npm-'));
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip' };
  return await time(folder, 'node_modules', () =>
    run('npm', ['install', '--no-audit', '--no-fund', ...packages], folder, env),
  );
}

/** By the command, and by hand: the same packages, as a reader of the documents of before would. */
async function installPython(place: string, tarball: string): Promise<{ ours: Taken; byHand: Taken }> {
  const folder = await mkdtemp(join(place, 'python-'));
  await writeFile(join(folder, 'package.json'), '{}');
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball], folder);
  const product = join(folder, 'node_modules', 'ruvector-memopt');
  const bin = join(product, 'bin', 'ruvector-memopt.mjs');
  const ours = await time(folder, 'data/python', () =>
    run(process.execPath, [bin, 'setup', 'python'], folder, { RUVECTOR_HOME: join(folder, 'data') }),
  );
  const byHand = await time(folder, '.venv', async () => {
    await run('python3', ['-m', 'venv', '.venv'], folder);
    const wheels = join(product, 'dist', 'python');
    const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'))!;
    await run(
      join(folder, '.venv/bin/python'),
      ['-m', 'pip', 'install', '--quiet', join(wheels, wheel)],
      folder,
    );
  });
  return { ours, byHand };
}

/** Both figures of two installations. */
function buildCases(name: string, anchorName: string, ours: Taken, anchor: Taken): BenchCase[] {
  return (['megabytes', 'seconds'] as const).map((unit) => ({
    bench: 'install',
    case: `${name}, ${unit}`,
    unit: unit === 'megabytes' ? 'MB' : 's',
    better: 'lower',
    anchorName,
    ours: () => Promise.resolve(ours[unit]),
    anchor: () => Promise.resolve(anchor[unit]),
    runs: 1,
    warmup: false,
    ...(name === 'npm' && unit === 'megabytes' && { goal: (megabytes: number) => megabytes <= 400 }),
  }));
}

export const topics: readonly BenchTopic[] = [
  {
    name: 'install',
    async *cases() {
      const place = await mkdtemp(join(tmpdir(), 'rvm-install-'));
      try {
        await mkdir(join(place, 'packed'));
        await run('npm', ['pack', '--pack-destination', join(place, 'packed')], root);
        const tarball = join(place, 'packed', (await readdir(join(place, 'packed')))[0]!);
        // One after the other, each once: both figures of an installation are of the same one.
        const now = await installNpm(place, [tarball]);
        const before = await installNpm(place, [tarball, ...(await listEarlier())]);
        yield* buildCases('npm', 'with all that was a dependency before', now, before);
        const python = await installPython(place, tarball);
        yield* buildCases('setup python', 'venv and pip by hand', python.ours, python.byHand);
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
  },
];
