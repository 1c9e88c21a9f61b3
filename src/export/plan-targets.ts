// Which file each table of an export goes to (the rules are in file-contract.ts).
import { basename, dirname, extname, join } from 'node:path';
import type { TableSource, WriteTablesRequest } from './file-contract.ts';
import { suffixOf } from './file-target.ts';
import { isDirectory, isFolderTarget } from './staging.ts';

/** A table and its file. */
export interface Target {
  readonly table: TableSource;
  /** Name inside the staging folder. */
  readonly name: string;
  readonly path: string;
}

/**
 * Plans the files.
 * @throws Error `EISDIR` where one would replace a folder
 */
export async function planTargets({
  tables,
  format,
  path,
  compression,
}: Pick<WriteTablesRequest, 'tables' | 'format' | 'path' | 'compression'>): Promise<Target[]> {
  const isFolder = await isFolderTarget(path);
  const folderName = (table: string): string => `${table}.${suffixOf({ format, compression })}`;
  const targets = tables.map((table): Target => {
    if (format === 'sqlite') {
      const whole = isFolder ? join(path, 'export.sqlite') : path;
      return { table, name: 'tables.sqlite', path: whole };
    }
    const target = isFolder
      ? join(path, folderName(table.name))
      : tables.length === 1
        ? path
        : insertName(path, table.name);
    return { table, name: `table-${table.name}`, path: target };
  });
  await refuseFolders(targets);
  return targets;
}

/** `data.csv.gz` → `data.memory.csv.gz`. */
function insertName(path: string, table: string): string {
  const packed = /\.(gz|zst)$/i.exec(path)?.[0] ?? '';
  const plain = path.slice(0, path.length - packed.length);
  const suffix = extname(plain);
  return join(dirname(path), `${basename(plain, suffix)}.${table}${suffix}${packed}`);
}

/** Told before anything is written: of several files, none shall be there without the others. */
async function refuseFolders(targets: readonly Target[]): Promise<void> {
  for (const { path } of targets) {
    if (await isDirectory(path)) throw Object.assign(new Error(`"${path}" is a folder`), { code: 'EISDIR' });
  }
}

/** One target a file: a database is that of all its tables. */
export function uniqueTargets(targets: readonly Target[]): Target[] {
  return targets.filter(({ name }, at) => targets.findIndex((other) => other.name === name) === at);
}
