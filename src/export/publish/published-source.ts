// A published tree read back: as a source to publish again, and as the version to compare with.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseChecksums } from './checksums.ts';
import { notADatasetError } from './errors.ts';
import type { Provenance } from './provenance.ts';
import type { PublishSource, PublishTable } from './publish-contract.ts';
import { readParquet } from './read-parquet.ts';
import { parseColumns } from './row-schema.ts';
import type { RowSchema } from './row-schema.ts';
import type { ComparedTable } from './version-change.ts';

/** A tree that lies in a folder. */
export interface PublishedTree {
  readonly provenance: Provenance;
  /** The text of checksums.sha256. */
  readonly checksums: string;
  readonly tables: readonly ComparedTable[];
  readonly source: PublishSource;
}

/**
 * Reads what a tree says of itself; its checksums are the caller's to verify.
 * @throws RuvectorError `ERR_EXPORT_NOT_A_DATASET`
 */
export async function readPublishedTree(root: string): Promise<PublishedTree> {
  const read = async (name: string): Promise<string> =>
    readFile(join(root, name), 'utf8').catch((cause: unknown) => {
      throw notADatasetError(root, `its ${name} cannot be read`, cause);
    });
  const checksums = await read('checksums.sha256');
  const provenance = parse(root, 'provenance.json', await read('provenance.json')) as Provenance;
  if (provenance.format !== 1) throw notADatasetError(root, 'its provenance.json is of another format');
  const schema = parse(root, 'schema.json', await read('schema.json')) as RowSchema;
  const sums = parseChecksums(checksums);
  const tables = Object.entries(provenance.tables).map(([name, { rows }]): ComparedTable => ({
    name,
    columns: parseColumns(schema, name),
    splits: Object.entries(rows).map(([split, count]) => {
      const files = [...sums]
        .filter(([path]) => isShard(path, name, split))
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
      return {
        name: split,
        rows: count,
        paths: files.map(([path]) => join(root, path)),
        sha256: files.map(([, sha256]) => sha256),
      };
    }),
  }));
  return { provenance, checksums, tables, source: toSource(provenance, schema, tables) };
}

/** Where the files of a table lie. */
export function folderOf(table: string): string {
  return table === 'training' ? 'data' : `data/${table}`;
}

function isShard(path: string, table: string, split: string): boolean {
  const folder = `${folderOf(table)}/`;
  return (
    path.startsWith(folder) &&
    /^\d{5}-of-\d{5}\.parquet$/.test(path.slice(folder.length + split.length + 1)) &&
    path.slice(folder.length).startsWith(`${split}-`)
  );
}

function toSource(
  provenance: Provenance,
  schema: RowSchema,
  tables: readonly ComparedTable[],
): PublishSource {
  return {
    tables: tables.map(({ name, columns, splits }): PublishTable => ({
      name,
      description: schema.$defs[name]!.description,
      columns,
      splits: splits.map((split) => ({
        name: split.name,
        open: () => readParquet(split.paths, { name, version: 1, fields: columns }),
      })),
    })),
    card: provenance.card,
    privacy: provenance.privacy,
    fromMs: provenance.range.fromMs,
    toMs: provenance.range.toMs,
  };
}

function parse(root: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw notADatasetError(root, `its ${name} is not JSON`, cause);
  }
}
