// The browser's half: the files of one folder, by their names. A name that is not in the folder is not looked for on the
// disk, so no path leads out of it. They hold no secret: who may not look gets no data.
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemCodeOf } from '../core/index.ts';
import { pageNotBuiltError } from './errors.ts';

/** A file as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** The files of the page. */
export interface PageFiles {
  /**
   * Finds a file; null when there is none of that name.
   * @throws RuvectorError `ERR_PAGE_NOT_BUILT` for any name while the folder has no index.html
   */
  find(name: string): Promise<PageFile | null>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const compress = promisify(gzip);

/** Opens the folder; files are read when the first is asked for, and again when index.html is another one. */
export function createPageFiles(folder: string): PageFiles {
  let loadedMs = Number.NaN;
  let files: Promise<ReadonlyMap<string, PageFile>> | null = null;
  return {
    async find(name) {
      const changedMs = await readChangedMs(folder);
      if (files === null || changedMs !== loadedMs) {
        loadedMs = changedMs;
        files = readAll(folder);
        files.catch(() => (files = null));
      }
      return (await files).get(name) ?? null;
    },
  };
}

async function readChangedMs(folder: string): Promise<number> {
  try {
    return (await stat(join(folder, 'index.html'))).mtimeMs;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw pageNotBuiltError(folder);
    throw error;
  }
}

async function readAll(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const known = entries.filter((entry) => entry.isFile() && extname(entry.name) in contentTypes);
  return new Map(
    await Promise.all(known.map(async ({ name }) => [name, await readOne(join(folder, name))] as const)),
  );
}

async function readOne(path: string): Promise<PageFile> {
  const bytes = await readFile(path);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { contentType: contentTypes[extname(path)]!, bytes, gzipped: await compress(bytes), etag };
}
