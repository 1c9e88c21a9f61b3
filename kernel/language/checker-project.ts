// The project that cells belong to for the checker: files that exist only in the language server's memory,
// beside the notebook, so that imports are found from there.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { globalTypes } from './global-types.ts';
import { readCompilerSettings } from '../runtime/compiler-settings.ts';
import type { CompilerSettings } from '../runtime/compiler-settings.ts';
import type { Language } from '../runtime/jsx.ts';

/** A file in the server's memory. */
export interface MemoryFile {
  readonly path: string;
  readonly text: string;
}

/** Names of the project's files in a folder. */
export interface ProjectFiles {
  /** The cell that is asked about; TypeScript tells a file with JSX by its name. */
  readonly current: (language: Language) => string;
  readonly index: string;
  readonly cell: (number: number, language: Language) => string;
}

export function projectFiles(directory: string): ProjectFiles {
  return {
    current: (language) => join(directory, `.ruvector-cell.${language}`),
    index: join(directory, '.ruvector-cells.ts'),
    cell: (number, language) => join(directory, `.ruvector-cell-${number}.${language}`),
  };
}

export const uriOf = (path: string): string => pathToFileURL(path).href;

/**
 * The files of a new project but its cells. The first must be opened first: a server that knows no project for
 * a file looks for one in all folders above, and loads what it finds, whatever its size.
 */
export function createProject(directory: string): readonly MemoryFile[] {
  const { current, index } = projectFiles(directory);
  const globals = join(directory, '.ruvector-globals.d.ts');
  const config = join(directory, 'tsconfig.json');
  const currents = [current('ts'), current('tsx')];
  const files = [config, globals, index, ...currents];
  return [
    { path: config, text: JSON.stringify({ compilerOptions: compilerOptions(directory), files }) },
    { path: globals, text: globalTypes() },
    { path: index, text: buildIndex([]) },
    ...currents.map((path) => ({ path, text: 'export {};\n' })),
  ];
}

/** Every cell is part of the project, whether or not the current one uses it. */
export function buildIndex(modules: readonly string[]): string {
  return modules.map((module) => `import ${JSON.stringify(module)};\n`).join('') + 'export {};\n';
}

/** What cells run with: Node's globals, no browser's; any way to import. */
function compilerOptions(directory: string): object {
  return {
    target: 'esnext',
    lib: ['esnext'],
    module: 'preserve',
    moduleResolution: 'bundler',
    types: [],
    // With noImplicitAny, for arrays that evolve (`const a = []; a.push(1)`); what it complains of is not shown.
    strict: true,
    strictPropertyInitialization: false,
    useUnknownInCatchVariables: false,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    allowUmdGlobalAccess: true,
    allowJs: true,
    resolveJsonModule: true,
    ...projectOptions(readCompilerSettings(directory)),
    moduleDetection: 'force',
    paths: fallbackPaths(directory),
  };
}

function projectOptions({ isLegacy, hasMetadata, jsx }: CompilerSettings): object {
  const decorators = { experimentalDecorators: isLegacy, emitDecoratorMetadata: hasMetadata };
  if (jsx === null) return { ...decorators, jsx: 'preserve' };
  if (jsx.runtime === 'automatic')
    return { ...decorators, jsx: 'react-jsx', jsxImportSource: jsx.importSource };
  return { ...decorators, jsx: 'react', jsxFactory: jsx.factory, jsxFragmentFactory: jsx.fragment };
}

/** Packages that cells find in the kernel's own installation where the notebook's folder has none. */
const own = ['ruvector-memopt', 'nodejs-polars', 'apache-arrow'] as const;

function fallbackPaths(directory: string): Record<string, readonly string[]> {
  const require = createRequire(import.meta.url);
  const paths: Record<string, readonly string[]> = {};
  for (const name of own) {
    if (isInstalled(name, directory)) continue;
    const folder = findPackage(name, require);
    if (folder !== null) Object.assign(paths, typesOf(name, folder));
  }
  return paths;
}

function isInstalled(name: string, directory: string): boolean {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', name, 'package.json'))) return true;
    if (dirname(at) === at) return false;
  }
}

/** Where the types of a package begin, and of each subpath: a path is looked up without its `exports`. */
function typesOf(name: string, folder: string): Record<string, readonly string[]> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const paths: Record<string, readonly string[]> = { [name]: [folder] };
  for (const [subpath, entry] of Object.entries(manifest.exports ?? {})) {
    if (typeof entry?.types !== 'string' || !subpath.startsWith('.') || subpath.includes('*')) continue;
    paths[`${name}${subpath.slice(1)}`] = [join(folder, entry.types)];
  }
  return paths;
}

interface Manifest {
  readonly exports?: Readonly<Record<string, { readonly types?: unknown } | undefined>>;
}

/** The folder of a package, its own name included. */
function findPackage(name: string, require: NodeJS.Require): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  }
  for (let at = fileURLToPath(new URL('.', import.meta.url)); dirname(at) !== at; at = dirname(at)) {
    if (name === 'ruvector-memopt' && existsSync(join(at, 'package.json'))) return at;
  }
  return null;
}
