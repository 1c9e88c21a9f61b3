// The files that cells import, watched by looking at them before each question: the language server sees only
// changes that it is told of, and a watcher of its own would have to watch all folders.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from './lsp-types.ts';

const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*(["'])([^"'\n]+)\1/g;
const SOURCE = /\.[mc]?[jt]sx?$/;
/** Most files that are looked at. */
const MOST_FILES = 500;
const change = { CREATED: 1, CHANGED: 2, DELETED: 3 } as const;

/** Files by path with what they looked like last; null: there was none. */
export class WatchedFiles {
  readonly #seen = new Map<string, string | null>();

  /** Notes what a text in a folder imports, and what that imports. */
  add(code: string, folder: string): void {
    for (const path of importsOf(code, folder)) this.#note(path);
  }

  /** What changed since the last time, as the protocol tells it. */
  changes(): readonly Json[] {
    const changes: Json[] = [];
    for (const [path, before] of this.#seen) {
      const now = stampOf(path);
      if (now === before) continue;
      this.#seen.set(path, now);
      this.#follow(path);
      const type = before === null ? change.CREATED : now === null ? change.DELETED : change.CHANGED;
      changes.push({ uri: pathToFileURL(path).href, type });
    }
    return changes;
  }

  #note(path: string): void {
    if (this.#seen.has(path) || this.#seen.size >= MOST_FILES) return;
    this.#seen.set(path, stampOf(path));
    this.#follow(path);
  }

  #follow(path: string): void {
    if (!SOURCE.test(path) || this.#seen.get(path) === null) return;
    try {
      this.add(readFileSync(path, 'utf8'), dirname(path));
    } catch {
      // Gone meanwhile: the next look says so.
    }
  }
}

/** Local files, and the manifest of a package that may be installed later. */
function importsOf(code: string, folder: string): string[] {
  return [...code.matchAll(SPECIFIER)]
    .map(([, , specifier]) => specifier!)
    .filter((specifier) => !/^[a-z]+:/.test(specifier))
    .map((specifier) =>
      /^\.{0,2}\//.test(specifier)
        ? resolve(folder, specifier)
        : join(folder, 'node_modules', packageOf(specifier), 'package.json'),
    );
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** A file that may not be looked at is none. */
function stampOf(path: string): string | null {
  try {
    const { mtimeMs, size } = statSync(path);
    return `${mtimeMs} ${size}`;
  } catch {
    return null;
  }
}
