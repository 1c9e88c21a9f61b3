// How a plan writes one part of a file: as a file of its own, in Polars' own writers. Values are spelt there as all
// formats here spell them; what Polars would spell otherwise (times, 64 bits without a sign) becomes text in the plan.
import * as arrow from 'apache-arrow';
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import type { Polars } from '../../core/index.ts';
import { loadPolars } from '../../core/index.ts';
import { buildCsvHead } from './csv-head.ts';
import type { CsvHead } from './csv-head.ts';
import type { FileKind } from './file-format.ts';
import { buildRoomyNames } from './join-arrow.ts';

/** Columns that a format spells in its own way. */
interface SpeltColumn {
  readonly name: string;
  /** `time` with the format of its text. */
  readonly kind: 'time' | 'unsigned' | 'category' | 'text';
  readonly timeFormat?: string;
}

/** The columns of a file, as far as its format cares. */
interface PartColumns {
  readonly names: readonly string[];
  readonly spelt: readonly SpeltColumn[];
}

/** Writes the parts of one file. */
export interface PartWriter {
  /** The plan that writes a part. @param part its number, from 0 */
  write(frame: LazyDataFrame, path: string, part: number): Promise<LazyDataFrame>;
  /** The first line of a CSV file, once a part was planned; null for other formats. */
  readonly head: CsvHead | null;
}

const ROW_GROUP = 131_072;
/** What becomes one frame is packed when it is joined. */
const packed = { none: 'uncompressed', gzip: 'gzip', zstd: 'uncompressed', snappy: 'uncompressed' } as const;
const codecs = { none: 'uncompressed', gzip: 'gzip', zstd: 'zstd', snappy: 'snappy' } as const;

/** @param schema of the frames; unset is found out from the first one, which costs a plan without rows */
export function createPartWriter(kind: FileKind, schema: arrow.Schema | undefined): PartWriter {
  const { format, compression } = kind;
  let spelling: Spelling | null = null;
  const roomy = format === 'arrow' && schema && schema.fields.length > 0 ? buildRoomyNames(schema) : null;
  async function write(frame: LazyDataFrame, path: string, part: number): Promise<LazyDataFrame> {
    if (format === 'parquet') {
      return frame.sinkParquet(path, {
        compression: codecs[compression ?? 'zstd'],
        // Level 3, the default, takes a third more time here and no fewer bytes.
        compressionLevel: 2,
        rowGroupSize: ROW_GROUP,
      });
    }
    spelling ??= buildSpelling(
      loadPolars(),
      schema ? describeColumns(schema) : await probeColumns(frame),
      kind,
    );
    const { columns } = spelling;
    const text = { compression: packed[compression ?? 'none'], checkExtension: false } as const;
    const spelt = columns.length === 0 ? frame : frame.withColumns(...columns);
    if (format === 'csv') return writeCsv(spelt, path, part, text, spelling);
    if (format === 'jsonl') return spelt.sinkNdJson(path, text);
    // An array is made of lines, and packed, when they are joined.
    if (format === 'json') return spelt.sinkNdJson(path);
    // Who reads these parts knows no views.
    return (roomy ? spelt.rename(roomy) : spelt).sinkIpc(path, { compatLevel: 'oldest' });
  }
  return {
    write,
    get head() {
      return spelling?.head ?? null;
    },
  };
}

interface TextOptions {
  readonly compression: 'uncompressed' | 'gzip';
  readonly checkExtension: boolean;
}

/** The first part has a line of names where the head goes; packed, the head goes before it. */
function writeCsv(
  frame: LazyDataFrame,
  path: string,
  part: number,
  text: TextOptions,
  { head, timeFormat }: Spelling,
): LazyDataFrame {
  const hasLine = part === 0 && text.compression === 'uncompressed';
  const { bytes, roomyNames } = head!;
  const names = Object.keys(roomyNames);
  const options = {
    ...text,
    ...(timeFormat !== null && { datetimeFormat: timeFormat }),
    includeHeader: hasLine,
    includeBom: hasLine && bytes[0] === 0xef,
    // A null alone on its line would be an empty line, which readers skip.
    ...(names.length === 1 && { nullValue: '""' }),
  };
  return (hasLine ? frame.rename({ ...roomyNames }) : frame).sinkCSV(path, options);
}

/** What a plan spells itself, and how a writer of CSV is to spell times. Built once: expressions take memory. */
interface Spelling {
  readonly columns: readonly Expr[];
  readonly timeFormat: string | null;
  readonly head: CsvHead | null;
}

function buildSpelling(
  polars: Polars,
  { names, spelt }: PartColumns,
  { format, excel = false }: FileKind,
): Spelling {
  // The writer of CSV spells times faster than a plan does, but all in one way.
  const formats = new Set(spelt.flatMap(({ timeFormat }) => timeFormat ?? []));
  const timeFormat = format === 'csv' && formats.size === 1 ? [...formats][0]! : null;
  const isJson = format === 'json' || format === 'jsonl';
  const isText = isJson || format === 'csv';
  const columns = spelt.flatMap(({ name, kind, timeFormat: own }): Expr[] => {
    if (kind === 'text') return excel && format === 'csv' ? [disarm(polars, name)] : [];
    const isSpelt =
      kind === 'time'
        ? isText && timeFormat === null
        : // JSON: what JavaScript would round is text. Elsewhere each part would bring a dictionary of its own.
          kind === 'unsigned'
          ? isJson
          : !isText;
    if (!isSpelt) return [];
    return [kind === 'time' ? polars.col(name).dt.strftime(own!) : polars.col(name).cast(polars.Utf8)];
  });
  return { columns, timeFormat, head: format === 'csv' ? buildCsvHead(names, excel) : null };
}

/** What spreadsheets run as a formula begins with one of these. https://owasp.org/www-community/attacks/CSV_Injection */
function disarm(polars: Polars, name: string): Expr {
  const text = polars.col(name).cast(polars.Utf8);
  return polars
    .when(text.str.contains(/^[=+\-@\t\r]/))
    .then(polars.concatString([polars.lit("'"), text], ''))
    .otherwise(text)
    .alias(name);
}

/** ISO 8601, as precise as the column is: `2026-01-02T03:04:05.678Z`. */
function timeFormatOf(digits: number, zone: string | null): string {
  const suffix = !zone ? '' : zone === 'UTC' ? 'Z' : '%:z';
  return `%Y-%m-%dT%H:%M:%S${digits === 0 ? '' : `%.${digits}f`}${suffix}`;
}

function describeColumns(schema: arrow.Schema): PartColumns {
  const spelt = schema.fields.flatMap(({ name, type }): SpeltColumn[] => {
    if (arrow.DataType.isTimestamp(type)) {
      // Seconds become milliseconds in Polars.
      const digits = Math.max(1, type.unit) * 3;
      return [{ name, kind: 'time', timeFormat: timeFormatOf(digits, type.timezone ?? null) }];
    }
    if (arrow.DataType.isDictionary(type)) return [{ name, kind: 'category' }];
    if (arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type)) return [{ name, kind: 'text' }];
    const isUnsigned = arrow.DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned;
    return isUnsigned ? [{ name, kind: 'unsigned' }] : [];
  });
  return { names: schema.fields.map(({ name }) => name), spelt };
}

const unitDigits: Readonly<Record<string, number>> = { ms: 3, us: 6, ns: 9 };

/** A lazy frame does not tell its columns: one without rows is asked. */
async function probeColumns(frame: LazyDataFrame): Promise<PartColumns> {
  const { schema, columns } = await frame.limit(0).collect();
  const spelt = Object.entries(schema as Readonly<Record<string, unknown>>).flatMap(
    ([name, type]): SpeltColumn[] => {
      const text = String(type);
      const time = /\(Datetime\((\w+),(.*)\)\)$/.exec(text);
      if (time) return [{ name, kind: 'time', timeFormat: timeFormatOf(unitDigits[time[1]!]!, time[2]!) }];
      if (text.includes('(Categorical') || text.includes('(Enum')) return [{ name, kind: 'category' }];
      if (text === 'DataType(Utf8)' || text === 'DataType(String)') return [{ name, kind: 'text' }];
      return text === 'DataType(UInt64)' ? [{ name, kind: 'unsigned' }] : [];
    },
  );
  return { names: columns, spelt };
}
