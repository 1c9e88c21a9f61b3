// Which edition of a local file an import means. A file that was edited, or that imports one that was, is
// another module: it gets another address. Files of packages never change.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Map, Set } from './primordials.ts';

interface LocalModule {
  changedMs: number;
  edition: number;
  /** Editions of the local files it imported. */
  readonly imports: Map<string, number>;
}

/** Editions of the local files that cells import. */
export class LocalModules {
  readonly #modules = new Map<string, LocalModule>();
  readonly #onChange: (path: string) => void;

  /** @param onChange called with each file that has a new edition */
  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange;
  }

  /** The address of the edition on disk of what a cell, or the local module `parent`, imports. */
  address(url: string, parent?: string): string {
    if (!isLocal(url)) return url;
    const path = pathOf(url);
    const edition = this.#editionOf(path, new Set());
    if (parent !== undefined) this.#modules.get(pathOf(parent))?.imports.set(path, edition);
    return edition === 0 ? url : `${url}?edition=${edition}`;
  }

  /** Whether a cell imported this, directly or not. */
  has(url: string | undefined): boolean {
    return url !== undefined && isLocal(url) && this.#modules.has(pathOf(url));
  }

  /** Modules may import each other in a circle: `seen` ends it. */
  #editionOf(path: string, seen: Set<string>): number {
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const known = this.#modules.get(path);
    if (!known) {
      this.#modules.set(path, { changedMs, edition: 0, imports: new Map() });
      return 0;
    }
    if (seen.has(path)) return known.edition;
    seen.add(path);
    const hasNewImport = [...known.imports].some(
      ([other, edition]) => this.#editionOf(other, seen) !== edition,
    );
    if (hasNewImport || known.changedMs !== changedMs) {
      known.changedMs = changedMs;
      known.edition++;
      known.imports.clear();
      this.#onChange(path);
    }
    return known.edition;
  }
}

const isLocal = (url: string): boolean => url.startsWith('file:') && !url.includes('/node_modules/');
const pathOf = (url: string): string => fileURLToPath(url.replace(/\?.*$/, ''));
