// Which file each table of an export goes to (the rules are in file-contract.ts).
import { basename, dirname, extname, join } from 'node:path';
import { isStream, locateDestination } from '../files/index.ts';
import type { Destination } from '../files/index.ts';
import { isFolderTarget } from '../pipeline/files/index.ts';
import { exportOptionsError } from './errors.ts';
import type { ExportedTable, WriteTablesRequest } from './file-contract.ts';
import { suffixOf } from './file-target.ts';

/** A table and its file. */
export interface ExportTarget {
  readonly table: ExportedTable;
  /** Name inside the staging folder. */
  readonly name: string;
  readonly path: string;
  /** What that path is. */
  readonly destination: Destination;
}

/**
 * Plans the files, and follows the path of each to what it is.
 * @throws Error `EISDIR` where one would replace a folder; ExportOptionsError for several files into one pipe;
 *   RuvectorError `ERR_FILES_TARGET`
 */
export async function planTargets(request: WriteTablesRequest): Promise<ExportTarget[]> {
  const targets = await namePaths(request);
  if (targets.length > 1 && targets[0]!.name !== targets[1]!.name) await refuseOnePipe(request);
  const { hasDescriptors } = request;
  // Told before anything is written: of several files, none shall be there without the others.
  return Promise.all(
    targets.map(async (target) => {
      const destination = await locateDestination(target.path, { hasDescriptors });
      if (destination.kind === 'folder') {
        throw Object.assign(new Error(`"${target.path}" is a folder`), { code: 'EISDIR' });
      }
      return { ...target, destination };
    }),
  );
}

/** Without their destinations. */
async function namePaths({
  tables,
  format,
  path,
  compression,
}: WriteTablesRequest): Promise<Omit<ExportTarget, 'destination'>[]> {
  const isFolder = await isFolderTarget(path);
  const folderName = (table: string): string => `${table}.${suffixOf({ format, compression })}`;
  return tables.map((table) => {
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
}

async function refuseOnePipe({ path, tables, hasDescriptors }: WriteTablesRequest): Promise<void> {
  if (!isStream(await locateDestination(path, { hasDescriptors }))) return;
  const names = tables.map(({ name }) => name).join(', ');
  throw exportOptionsError(`to "${path}"`, [
    `${names} are ${tables.length} files and it takes one; name one table, or choose sqlite`,
  ]);
}

/** `data.csv.gz` → `data.memory.csv.gz`. */
function insertName(path: string, table: string): string {
  const packed = /\.(gz|zst)$/i.exec(path)?.[0] ?? '';
  const plain = path.slice(0, path.length - packed.length);
  const suffix = extname(plain);
  return join(dirname(path), `${basename(plain, suffix)}.${table}${suffix}${packed}`);
}

/** One target a file: a database is that of all its tables. */
export function uniqueTargets(targets: readonly ExportTarget[]): ExportTarget[] {
  return targets.filter(({ name }, at) => targets.findIndex((other) => other.name === name) === at);
}
