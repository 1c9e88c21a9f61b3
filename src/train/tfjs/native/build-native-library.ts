// Builds the native library of tf.js from TensorFlow's own Python wheel, since the archive that tfjs-node downloads when
// it installs is often out of reach: the wheel by pip with a pinned digest, of it two libraries and the headers of the C
// interface, tfjs-node's two sources through g++. What is left is 430 MB in a cache of the user.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { messageOf, systemCodeOf } from '../../../core/index.ts';
import { makeFolder } from '../../../files/index.ts';
import { fitCancelledError, nativeSetupError } from '../errors.ts';
import {
  TENSORFLOW_VERSION,
  bindingOf,
  findNativeLibrary,
  findPackage,
  linkNativeLibrary,
  unlinkNativeLibrary,
} from './native-library.ts';

/** What a set-up did. */
export interface NativeSetup {
  readonly folder: string;
  readonly link: string;
  /** `built` now, or `found` in the cache; either way it is linked. */
  readonly state: 'built' | 'found';
}

/** Options of {@link setUpNativeLibrary}. */
export interface NativeSetupOptions {
  /** Any Python with pip: it fetches the wheel and takes files out of it. @default $RUVECTOR_PYTHON, .venv, python3 */
  readonly python?: string | undefined;
  /** Told what goes on, one line each. */
  readonly onStep?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** The wheel for x86-64 Linux. Its bindings for Python are not used, so that any Python may fetch it. */
const WHEEL = {
  requirement: `tensorflow-cpu==${TENSORFLOW_VERSION}`,
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  platform: ['--python-version', '3.11', '--implementation', 'cp', '--platform', 'manylinux2014_x86_64'],
} as const;

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;
/** Prefixes of the headers that the C interface needs, below `tensorflow/include`. */
const HEADERS = [
  'tensorflow/c/',
  'tensorflow/core/platform/ctstring',
  'tensorflow/tsl/',
  'tsl/',
  'xla/tsl/c/',
  'external/local_tsl/tsl/',
];

/** Takes out of a wheel what is wanted: argv is the wheel, the folder, the libraries and the headers, joined by a comma. */
const EXTRACT = `
import os, shutil, sys, zipfile
wheel, folder, libraries, headers = sys.argv[1], sys.argv[2], sys.argv[3].split(','), sys.argv[4].split(',')
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        head, _, rest = name.partition('tensorflow/include/')
        if head == '' and rest.endswith('.h') and rest.startswith(tuple(headers)):
            target = os.path.join(folder, 'include', rest)
        elif name in [f'tensorflow/{library}' for library in libraries]:
            target = os.path.join(folder, os.path.basename(name))
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
`;

/**
 * Builds the library unless the cache has it, and links it to where tfjs-node looks.
 * @throws RuvectorError `ERR_TRAIN_NATIVE_SETUP` that names what is missing and the line that brings it
 */
export async function setUpNativeLibrary(options: NativeSetupOptions = {}): Promise<NativeSetup> {
  const { folder, link } = findNativeLibrary();
  checkMachine();
  const state = existsSync(bindingOf(folder)) ? 'found' : 'built';
  if (state === 'built') await compileInto(folder, options);
  try {
    linkNativeLibrary();
  } catch (error) {
    throw nativeSetupError(messageOf(error), 'let this user write into node_modules', {}, error);
  }
  return { folder, link: link!, state };
}

/** Removes the link and the library. @returns whether there was anything */
export async function removeNativeLibrary(): Promise<boolean> {
  const { folder } = findNativeLibrary();
  const wasLinked = unlinkNativeLibrary();
  // With what a set-up that was killed left beside it.
  const parent = dirname(folder);
  const left = existsSync(parent)
    ? (await readdir(parent)).filter((name) => name.startsWith(basename(folder)))
    : [];
  for (const name of left) await rm(join(parent, name), { recursive: true, force: true });
  return wasLinked || left.length > 0;
}

/** What no set-up can change is told before 200 MB are fetched. */
function checkMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw nativeSetupError(
      `this machine is ${process.platform} on ${process.arch}, and the wheel is for Linux on x64`,
      'train with wasm, which is there already',
    );
  }
  if (findPackage() === null) {
    throw nativeSetupError(
      '@tensorflow/tfjs-node is not installed',
      'run `npm install @tensorflow/tfjs-node@4.22.0 node-api-headers@1.9.0 --ignore-scripts`',
    );
  }
  if (!existsSync(nodeHeaders())) {
    throw nativeSetupError(
      'the headers of Node are not installed',
      'run `npm install node-api-headers@1.9.0`',
    );
  }
}

function nodeHeaders(): string {
  try {
    return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  } catch {
    return '';
  }
}

async function compileInto(
  folder: string,
  { python: named, onStep, signal }: NativeSetupOptions,
): Promise<void> {
  const say = onStep ?? ((): void => {});
  await needCompiler(signal);
  const python = await findPip(named, signal);
  await makeFolder(dirname(folder));
  // Beside the place where it will stand, so that it gets there in one step or not at all.
  const work = await mkdtemp(`${folder}-`);
  try {
    say(`fetching ${WHEEL.requirement} with pip (207 MB)`);
    const wheel = await fetchWheel(work, python, signal);
    say('taking out libtensorflow and the headers');
    const built = join(work, 'built');
    await call(
      python,
      ['-c', EXTRACT, wheel, built, LIBRARIES.join(','), HEADERS.join(',')],
      'unpack the wheel',
      signal,
    );
    await strip(built, signal);
    say('compiling the binding with g++');
    await compile(built, signal);
    await rm(join(built, 'include'), { recursive: true });
    await rename(built, folder);
    say(`built ${bindingOf(folder)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function needCompiler(signal: AbortSignal | undefined): Promise<void> {
  if (await runs('g++', ['--version'], signal)) return;
  throw nativeSetupError('g++ does not run', 'install it (Debian: apt-get install g++)', { command: 'g++' });
}

/** A Python that was named is the only candidate. */
async function findPip(named: string | undefined, signal: AbortSignal | undefined): Promise<string> {
  const own = named ?? process.env['RUVECTOR_PYTHON'];
  const candidates = own ? [own] : [join(process.cwd(), '.venv', 'bin', 'python'), 'python3', 'python'];
  for (const python of candidates) if (await runs(python, ['-m', 'pip', '--version'], signal)) return python;
  throw nativeSetupError(
    `no Python runs pip (${candidates.join(', ')})`,
    'install it (Debian: apt-get install python3-pip), or name a Python that has it with --python or RUVECTOR_PYTHON',
    { candidates },
  );
}

async function runs(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await run(command, args, signal ? { signal } : {});
    return true;
  } catch {
    if (signal?.aborted) throw fitCancelledError(signal.reason);
    return false;
  }
}

/** pip checks the digest where the requirement has one; it is checked again because a mirror's index may leave it out. */
async function fetchWheel(work: string, python: string, signal: AbortSignal | undefined): Promise<string> {
  const requirements = join(work, 'requirements.txt');
  await writeFile(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  const options = ['--no-deps', '--only-binary=:all:', ...WHEEL.platform, '--require-hashes'];
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  const args = ['-m', 'pip', 'download', ...quiet, ...options, '-r', requirements, '-d', work];
  await call(python, args, `fetch ${WHEEL.requirement}`, signal);
  const [name] = (await readdir(work)).filter((file) => file.endsWith('.whl'));
  const wheel = join(work, name!);
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(wheel)) digest.update(chunk as Buffer);
  if (digest.digest('hex') !== WHEEL.sha256) {
    throw nativeSetupError(
      `the wheel "${name}" is another one than was built with before`,
      'look at the index that pip uses',
    );
  }
  return wheel;
}

/** A third of the size goes; where binutils are not installed it stays. */
async function strip(folder: string, signal: AbortSignal | undefined): Promise<void> {
  for (const library of LIBRARIES) {
    try {
      await run('strip', ['--strip-unneeded', join(folder, library)], signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted) throw fitCancelledError(signal.reason);
      if (systemCodeOf(error) !== 'ENOENT')
        throw nativeSetupError('strip failed', 'read the cause', {}, error);
    }
  }
}

async function compile(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const source = join(findPackage()!, 'binding');
  const own = join(folder, 'binding');
  await cp(source, own, { recursive: true });
  const args = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-DNAPI_VERSION=8',
    `-I${join(folder, 'include')}`,
    `-I${nodeHeaders()}`,
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(own, file)),
    `-L${folder}`,
    ...LIBRARIES.map((library) => `-l:${library}`),
    '-Wl,-rpath,$ORIGIN',
    '-o',
    bindingOf(folder),
  ];
  await call('g++', args, 'compile the binding', signal);
  await rm(own, { recursive: true });
}

async function call(
  command: string,
  args: readonly string[],
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await run(command, args, { maxBuffer: 1 << 26, ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw fitCancelledError(signal.reason);
    const said = ((cause as { stderr?: string }).stderr ?? '').trim();
    const last = said.split('\n').slice(-3).join(' ') || messageOf(cause);
    throw nativeSetupError(
      `it could not ${what} (${last})`,
      'fix that and run the same command again',
      { log: said },
      cause,
    );
  }
}
