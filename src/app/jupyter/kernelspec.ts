// Kernel specifications: the folder by which Jupyter finds the notebook kernel and starts it.
// Writes kernel.json itself, so that no Python is needed; never touches a folder it did not write.
// https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { makeFolder, writeWhole } from '../../files/index.ts';
import { installLabExtension, removeLabExtension } from './lab-extension.ts';
import { foreignKernelError, kernelNotBuiltError, kernelspecWriteError, noKernelError } from '../errors.ts';

/** Name under which the kernel is installed when none is given: `jupyter console --kernel ruvector`. */
export const KERNEL_NAME = 'ruvector';
const DISPLAY_NAME = 'TypeScript (RuVector)';
const PROTOCOL_VERSION = '5.5';

/** kernel.json. Unknown to Jupyter is only what is inside `metadata`. */
export interface Kernelspec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: 'message';
  readonly kernel_protocol_version: string;
  readonly env: Readonly<Record<string, string>>;
  readonly metadata: { readonly debugger: boolean; readonly ruvector: { readonly version: string } };
}

/** An installed kernel of ours. */
export interface InstalledKernel {
  readonly name: string;
  readonly displayName: string;
  /** Folder of its kernel.json. */
  readonly directory: string;
  /** Release that wrote it. */
  readonly version: string;
  readonly node: string;
  readonly entry: string;
  /** What keeps it from starting, and how to fix that; empty when nothing does. */
  readonly problems: readonly string[];
}

/** What {@link installKernel} writes. */
export interface KernelInstall {
  /** A Jupyter data directory; the kernel goes to `kernels/<name>` in it. */
  readonly dataDirectory: string;
  /** @default "ruvector" */
  readonly name?: string;
  /** Python whose packages `%%python` cells and trainings use. @default found when the kernel needs one */
  readonly python?: string | undefined;
  /** Script of the kernel. @default dist/kernel/main.js of this package */
  readonly entry?: string;
  /** @default the Node that runs this */
  readonly node?: string;
}

/** Folder of this package. */
export const packageRoot = join(import.meta.dirname, '../../..');
/** Script of the kernel in this package. */
export const kernelEntry = join(packageRoot, 'dist', 'kernel', 'main.js');
const logoFolder = join(packageRoot, 'kernel', 'logos');

/** Builds kernel.json. Pure. */
export function buildKernelspec(command: {
  readonly node: string;
  readonly entry: string;
  readonly version: string;
  readonly python?: string | undefined;
}): Kernelspec {
  return {
    // Ending a loop in a timer callback corrupts the async hook stack, which Node would check and abort on.
    argv: [command.node, '--no-force-async-hooks-checks', command.entry, '{connection_file}'],
    display_name: DISPLAY_NAME,
    language: 'typescript',
    interrupt_mode: 'message',
    kernel_protocol_version: PROTOCOL_VERSION,
    env: command.python === undefined ? {} : { RUVECTOR_PYTHON: command.python },
    metadata: { debugger: true, ruvector: { version: command.version } },
  };
}

/**
 * Installs the kernel, over an earlier installation of it too.
 * @throws RuvectorError `ERR_APP_KERNEL_NOT_BUILT`, `ERR_APP_KERNEL_FOREIGN`, `ERR_APP_KERNEL_WRITE`
 */
export async function installKernel(options: KernelInstall): Promise<InstalledKernel> {
  const { dataDirectory, name = KERNEL_NAME, node = process.execPath, entry = kernelEntry, python } = options;
  if (!existsSync(entry)) throw kernelNotBuiltError(entry);
  const directory = join(dataDirectory, 'kernels', name);
  if (await isForeign(directory)) throw foreignKernelError(name, directory);
  const spec = buildKernelspec({ node, entry, version: await readVersion(), python });
  try {
    await makeFolder(directory);
    for (const logo of await readdir(logoFolder)) {
      await writeWhole(join(directory, logo), await readFile(join(logoFolder, logo)), 'a logo');
    }
    await installLabExtension(dataDirectory);
    // Jupyter sees a kernel only where kernel.json is: it comes last, and whole.
    await writeWhole(join(directory, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`, 'kernel.json');
  } catch (error) {
    throw kernelspecWriteError(directory, error);
  }
  return describe(name, directory, spec);
}

/** Our kernels below Jupyter's data directories, in their order. Foreign kernels are left out. */
export async function listKernels(dataDirectories: readonly string[]): Promise<InstalledKernel[]> {
  const found: InstalledKernel[] = [];
  for (const dataDirectory of dataDirectories) {
    const kernels = join(dataDirectory, 'kernels');
    for (const name of await readFolder(kernels)) {
      const directory = join(kernels, name);
      const spec = await readOwnSpec(directory);
      if (spec) found.push(describe(name, directory, spec));
    }
  }
  return found;
}

/**
 * Removes our kernel of that name from every given data directory.
 * @throws RuvectorError `ERR_APP_NO_KERNEL` where none of them has it, `ERR_APP_KERNEL_FOREIGN`
 */
export async function uninstallKernel(
  dataDirectories: readonly string[],
  name: string = KERNEL_NAME,
): Promise<InstalledKernel[]> {
  const own = (await listKernels(dataDirectories)).filter((kernel) => kernel.name === name);
  if (own.length === 0) {
    for (const dataDirectory of dataDirectories) {
      const directory = join(dataDirectory, 'kernels', name);
      if (await isForeign(directory)) throw foreignKernelError(name, directory);
    }
    throw noKernelError(name, dataDirectories);
  }
  for (const { directory } of own) {
    await rm(directory, { recursive: true }).catch((error: unknown) => {
      throw kernelspecWriteError(directory, error);
    });
  }
  for (const dataDirectory of dataDirectories) {
    // Kernels of other names need it too.
    if ((await listKernels([dataDirectory])).length === 0) await removeLabExtension(dataDirectory);
  }
  return own;
}

/** Whether another program's kernel has that folder; a folder without kernel.json is a kernel of nobody. */
async function isForeign(directory: string): Promise<boolean> {
  return existsSync(join(directory, 'kernel.json')) && (await readOwnSpec(directory)) === null;
}

async function readOwnSpec(directory: string): Promise<Kernelspec | null> {
  try {
    const spec = JSON.parse(await readFile(join(directory, 'kernel.json'), 'utf8')) as Kernelspec;
    const isOurs =
      typeof spec.metadata?.ruvector?.version === 'string' &&
      Array.isArray(spec.argv) &&
      spec.argv.length >= 3;
    return isOurs ? spec : null;
  } catch {
    return null;
  }
}

function describe(name: string, directory: string, spec: Kernelspec): InstalledKernel {
  const [node = '', ...args] = spec.argv;
  const entry = args.at(-2) ?? '';
  const missing = [
    { what: 'Node', path: node },
    { what: 'the kernel', path: entry },
  ].filter(({ path }) => !existsSync(path));
  return {
    name,
    displayName: spec.display_name,
    directory,
    version: spec.metadata.ruvector.version,
    node,
    entry,
    problems: missing.map(
      ({ what, path }) => `${what} is no longer at ${path}: run \`ruvector-memopt kernel install\` again`,
    ),
  };
}

async function readFolder(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCodeOf(error) ?? '')) return [];
    throw error;
  }
}

async function readVersion(): Promise<string> {
  const text = await readFile(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
