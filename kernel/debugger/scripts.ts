// The scripts that V8 has: which of them are parts of cells and which are local files, and where a place of a compiled
// script is in what the user wrote.
import type { Debugger } from 'node:inspector';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILE_MAP_URL, parseCellMapUrl } from '../protocol/map-urls.ts';
import type { CellScript } from '../protocol/map-urls.ts';
import { STRICT } from '../runtime/cell-compiler.ts';
import { ownerOf } from '../runtime/code-owner.ts';
import type { CodeOwner } from '../runtime/code-owner.ts';
import type { CompiledSource } from '../runtime/debug-point.ts';
import { originalPlace } from '../runtime/stack-frames.ts';
import type { StackPlace } from '../runtime/stack-frames.ts';
import type { KnownCells } from './cell-paths.ts';
import type { InspectorClient } from './inspector-client.ts';

/** A script. */
export interface Script {
  readonly id: string;
  readonly url: string;
  readonly mapUrl: string;
  readonly owner: CodeOwner;
  /** Whether its first line is there to hold it: runtime/importer.ts. */
  readonly holdsItself: boolean;
  /** Lines of code, without those by which the kernel names a script at its end. */
  readonly lines: number;
  /** Null of what is no part of a cell. */
  readonly cell: CellScript | null;
  /** Of a local file or, once {@link Scripts.describe} has run, of a cell. Null: it has none. */
  path: string | null;
  maps: readonly object[];
  isDescribed: boolean;
}

/** The scripts of the user's thread, from the moment that a debugger is attached. */
export class Scripts {
  readonly #client: InspectorClient;
  readonly #cells: KnownCells;
  readonly #scripts = new Map<string, Script>();

  constructor(client: InspectorClient, cells: KnownCells) {
    this.#client = client;
    this.#cells = cells;
  }

  add({
    scriptId: id,
    url,
    sourceMapURL: mapUrl = '',
    endLine,
    isModule,
  }: Debugger.ScriptParsedEventDataType): void {
    const cell = parseCellMapUrl(mapUrl);
    const path = pathOfUrl(url);
    const isDescribed = cell === null && mapUrl !== FILE_MAP_URL;
    const lines = endLine + (isDescribed ? 1 : cell === null ? 0 : -1);
    const holdsItself = mapUrl === FILE_MAP_URL && isModule !== true;
    const owner = ownerOf(url);
    this.#scripts.set(id, { id, url, mapUrl, owner, holdsItself, lines, cell, path, maps: [], isDescribed });
  }

  clear(): void {
    this.#scripts.clear();
  }

  at(id: string): Script | undefined {
    return this.#scripts.get(id);
  }

  /** The newest script of an address. */
  named(url: string): Script | undefined {
    return [...this.#scripts.values()].findLast((script) => script.url === url);
  }

  /** Asks the user's thread for what it knows of scripts. */
  async describe(scripts: readonly Script[]): Promise<void> {
    const missing = scripts.filter(({ isDescribed }) => !isDescribed);
    if (missing.length === 0) return;
    const asked = missing.map(({ url, mapUrl }) => [url, mapUrl]);
    const found = await this.#client.ask<readonly (CompiledSource | null)[]>('compiled', asked);
    for (const [at, script] of missing.entries()) {
      const source = found[at];
      script.isDescribed = true;
      if (!source) continue;
      script.maps = source.maps;
      if (source.written !== null) script.path = this.#cells.add(source.written);
    }
  }

  /** The scripts of a path, the newest last. */
  async of(path: string): Promise<readonly Script[]> {
    const all = [...this.#scripts.values()].filter(({ owner }) => owner !== 'kernel');
    await this.describe(all.filter(({ cell }) => cell !== null));
    const found = all.filter((script) => script.path === path);
    await this.describe(found);
    return found;
  }

  /** Local files that are loaded, each once. */
  files(): readonly string[] {
    const users = [...this.#scripts.values()].filter(({ owner, cell }) => owner === 'user' && cell === null);
    return [...new Set(users.flatMap(({ path }) => path ?? []))];
  }
}

/** Where a place of a script (both count from 0) is in what the user wrote (from 1). */
export function placeInSource({ cell, maps }: Script, line: number, column: number): StackPlace {
  const before = cell !== null && line === 0 ? STRICT.length : 0;
  return maps.reduce<StackPlace>(originalPlace, { line: line + 1, column: Math.max(column - before, 0) + 1 });
}

/** The name of a script as people know it. */
export const nameOfScript = ({ url, path, cell }: Script): string =>
  cell === null && path !== null ? basename(path) : url;

function pathOfUrl(url: string): string | null {
  if (url.startsWith('/')) return url;
  return url.startsWith('file:') ? fileURLToPath(url.replace(/\?.*$/, '')) : null;
}
