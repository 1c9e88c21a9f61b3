// `%install`: packages into the notebook's project, with the npm of the Node that runs the kernel, so that what
// has native parts fits it.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { JSON, process } from '../primordials.ts';

/** A command and where it runs. */
export interface NpmInstall {
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** @param words packages and options of npm */
export function prepareInstall(words: readonly string[], from: string = process.cwd()): NpmInstall {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return {
    command: [...findNpm(), 'install', '--no-fund', '--no-audit', ...words],
    folder: findProject(from),
    env: { ...process.env, PATH: path },
  };
}

/** npm lies beside Node: below its prefix, or among the packages Node was installed with. */
function findNpm(): string[] {
  const programs = dirname(process.execPath);
  const places = [
    join(programs, '..', 'lib', 'node_modules', 'npm'),
    join(programs, 'node_modules', 'npm'),
    packageFolder(programs),
  ];
  const script = places
    .filter((place) => place !== null)
    .map((place) => join(place, 'bin', 'npm-cli.js'))
    .find((file) => existsSync(file));
  if (script !== undefined) return [process.execPath, script];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function packageFolder(from: string): string | null {
  try {
    return dirname(createRequire(join(from, 'node')).resolve('npm/package.json'));
  } catch {
    return null;
  }
}

/** The folder of the nearest package.json; made here when there is none. */
function findProject(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) break;
  }
  const content = { private: true, type: 'module' };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
  return folder;
}
