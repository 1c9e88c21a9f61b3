// Whether a module declares a type of some name, which no running module has: `import { Options } from 'pkg'` is right
// in TypeScript, with or without `type`. Reads declarations as text, and only after a name was not found.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { JSON, Object, RegExp, Set, URL } from './primordials.ts';

const MOST_FILES = 300;
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.d.ts', '.d.mts', '.d.cts', '/index.ts', '/index.d.ts'];
const FROM = /\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1|<reference\s+path=(["'])([^"']+)\3/g;

/**
 * Looks for a type's name in the declarations of a module, and in those that they are made of.
 * @param specifier as a cell imports it, from the working directory
 */
export async function declaresType(specifier: string, name: string): Promise<boolean> {
  const word = name.replaceAll('$', '\\$');
  const declared = new RegExp(
    `\\b(?:interface|type|class|enum|namespace|module)\\s+${word}(?![\\w$])|\\bexport\\s+(?:type\\s+)?\\{[^}]*(?<![\\w$])${word}(?![\\w$])`,
  );
  const seen = new Set<string>();
  const waiting = [findDeclarations(specifier)];
  for (let path = waiting.pop(); path !== undefined && seen.size < MOST_FILES; path = waiting.pop()) {
    if (path === null || seen.has(path)) continue;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    if (declared.test(text)) return true;
    for (const [, , from, , reference] of text.matchAll(FROM)) {
      waiting.push(findSource(resolve(dirname(path), (from ?? reference)!)));
    }
  }
  return false;
}

function findDeclarations(specifier: string): string | null {
  if (/^\.{0,2}\//.test(specifier)) return findSource(resolve(specifier));
  if (specifier.startsWith('file:')) return findSource(new URL(specifier).pathname);
  if (isBuiltin(specifier)) {
    const types = findPackage('@types/node', [import.meta.filename]);
    return types && findSource(join(types, specifier.replace(/^node:/, '')));
  }
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (name === undefined) return null;
  return typesOf(name, rest) ?? typesOf(`@types/${name.replace(/^@(.*)\//, '$1__')}`, rest);
}

function typesOf(name: string, rest: string | undefined): string | null {
  const folder = findPackage(name, [resolve('cell.ts'), import.meta.filename]);
  if (folder === null) return null;
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const place = rest === undefined ? '.' : `./${rest}`;
  const exported = findTypes(manifest.exports?.[place] ?? (place === '.' ? manifest.exports : undefined));
  const own = place === '.' ? (manifest.types ?? manifest.typings) : undefined;
  const entry = exported ?? own ?? rest ?? manifest.main ?? 'index';
  return findSource(join(folder, entry));
}

interface Manifest {
  readonly exports?: Record<string, unknown>;
  readonly types?: string;
  readonly typings?: string;
  readonly main?: string;
}

/** The first `types` among conditions. */
function findTypes(conditions: unknown): string | undefined {
  if (typeof conditions !== 'object' || conditions === null) return undefined;
  const { types } = conditions as { types?: unknown };
  if (typeof types === 'string') return types;
  for (const [name, inner] of Object.entries(conditions)) {
    const found = name.startsWith('.') ? undefined : findTypes(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findPackage(name: string, parents: readonly string[]): string | null {
  for (const parent of parents) {
    for (const folder of createRequire(parent).resolve.paths(name) ?? []) {
      if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
    }
  }
  return null;
}

/** The source or the declarations of a module; null where it has none. */
function findSource(path: string): string | null {
  if (/\.[mc]?tsx?$/.test(path)) return isFile(path) ? path : null;
  const bare = path.replace(/\.[mc]?jsx?$/, '');
  return EXTENSIONS.map((extension) => bare + extension).find(isFile) ?? null;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
