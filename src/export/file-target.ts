// What a path says about the file to write: format and compression by its suffix, folder or file.
// Pure text rules; nothing is read or written here.
import { basename } from 'node:path';
import { exportFormats } from './file-contract.ts';
import type { Compression, ExportFormat } from './file-contract.ts';

/** Other names a format is known by. */
const aliases: Readonly<Record<string, ExportFormat>> = {
  jsonlines: 'jsonl',
  ndjson: 'jsonl',
  sqlite3: 'sqlite',
  db: 'sqlite',
  feather: 'arrow',
  ipc: 'arrow',
};

/** Which formats a suffix may hold; the first is meant when none is named. */
const suffixFormats: Readonly<Record<string, readonly ExportFormat[]>> = {
  csv: ['csv'],
  json: ['json', 'jsonl'], // JSON Lines are often named .json
  jsonl: ['jsonl'],
  ndjson: ['jsonl'],
  parquet: ['parquet'],
  sqlite: ['sqlite'],
  sqlite3: ['sqlite'],
  db: ['sqlite'],
  arrow: ['arrow'],
  feather: ['arrow'],
};

const suffixCompressions: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' };

const textFormats: readonly ExportFormat[] = ['csv', 'json', 'jsonl'];
const formatCompressions = (format: ExportFormat): readonly Compression[] => {
  if (textFormats.includes(format)) return ['none', 'gzip', 'zstd'];
  return format === 'parquet' ? ['none', 'zstd', 'snappy'] : ['none'];
};

/** Format and compression of a file. */
export interface FileTarget {
  readonly format: ExportFormat;
  /** Unset is the format's default. */
  readonly compression?: Compression | undefined;
}

/** Suffix of files that this room names itself. */
export function suffixOf({ format, compression }: FileTarget): string {
  const packed = Object.entries(suffixCompressions).find(([, value]) => value === compression)?.[0];
  return textFormats.includes(format) && packed !== undefined ? `${format}.${packed}` : format;
}

/** The format of a name or one of its other names (`jsonlines`, `feather`, ...); undefined when unknown. */
export function parseFormat(name: string): ExportFormat | undefined {
  const lower = name.toLowerCase();
  return exportFormats.find((format) => format === lower) ?? aliases[lower];
}

/**
 * Completes format and compression from the path.
 * @param problems every contradiction is added here; the result is then not to be used
 */
export function resolveTarget(
  path: string,
  wanted: { readonly format?: string | undefined; readonly compression?: string | undefined },
  problems: string[],
): FileTarget {
  const suffix = parseSuffix(path);
  const format = resolveFormat(path, wanted.format, suffix.format, problems);
  const compression = resolveCompression(path, wanted.compression, suffix.compression, problems);
  const allowed = formatCompressions(format);
  if (compression !== undefined && !allowed.includes(compression)) {
    problems.push(`compression is "${compression}", wanted one of ${allowed.join(', ')} for ${format}`);
  }
  return { format, compression };
}

/** True when a path names a folder by its text: a final slash, or no suffix at all. */
export function namesFolder(path: string): boolean {
  return path.endsWith('/') || !/.\.[^.]/.test(basename(path));
}

interface Suffix {
  readonly format: string | undefined;
  readonly compression: Compression | undefined;
}

function parseSuffix(path: string): Suffix {
  if (path.endsWith('/')) return { format: undefined, compression: undefined };
  const parts = basename(path).toLowerCase().split('.').slice(1);
  const compression = suffixCompressions[parts.at(-1) ?? ''];
  return { format: compression ? parts.at(-2) : parts.at(-1), compression };
}

function resolveFormat(
  path: string,
  wanted: string | undefined,
  suffix: string | undefined,
  problems: string[],
): ExportFormat {
  const known = exportFormats.join(', ');
  const held = suffix === undefined ? undefined : suffixFormats[suffix];
  if (wanted === undefined) {
    if (!held)
      problems.push(`format is missing and "${basename(path)}" does not tell it, wanted one of ${known}`);
    return held?.[0] ?? 'csv';
  }
  const format = parseFormat(wanted);
  if (format === undefined) {
    problems.push(`format is "${wanted}", wanted one of ${known}`);
    return held?.[0] ?? 'csv';
  }
  if (held && !held.includes(format)) {
    problems.push(`format is ${format} but the path ends in ".${suffix}", which is read as ${held[0]}`);
  }
  return format;
}

function resolveCompression(
  path: string,
  wanted: string | undefined,
  suffix: Compression | undefined,
  problems: string[],
): Compression | undefined {
  if (suffix !== undefined && wanted !== undefined && suffix !== wanted) {
    problems.push(`compression is "${wanted}" but "${basename(path)}" says ${suffix}`);
  }
  return (wanted ?? suffix) as Compression | undefined;
}
