// How a plan writes one part of a file: as a file of its own, in Polars' own writers. Values are spelt there as all
// formats here spell them; what Polars would spell otherwise (times, 64 bits without a sign) becomes text in the plan.
import * as arrow from 'apache-arrow';
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import type { Polars } from '../../core/index.ts';
import { loadPolars } from '../../core/index.ts';
import type { FileKind } from './file-format.ts';
import { buildRoomyNames } from './join-arrow.ts';

/** Columns that a format spells in its own way. */
interface SpeltColumn {
  readonly name: string;
  /** `time` with the format of its text. */
  readonly kind: 'time' | 'unsigned' | 'category';
  readonly timeFormat?: string;
}

/** Writes the parts of one file. */
export type PartWriter = (frame: LazyDataFrame, path: string, part: number) => Promise<LazyDataFrame>;

const ROW_GROUP = 131_072;
const packed = { none: 'uncompressed', gzip: 'gzip', zstd: 'zstd', snappy: 'uncompressed' } as const;
const codecs = { none: 'uncompressed', gzip: 'gzip', zstd: 'zstd', snappy: 'snappy' } as const;

/** @param schema of the frames; unset is found out from the first one, which costs a plan without rows */
export function createPartWriter(
  { format, compression }: FileKind,
  schema: arrow.Schema | undefined,
): PartWriter {
  let spelling: Spelling | null = null;
  const roomy = format === 'arrow' && schema && schema.fields.length > 0 ? buildRoomyNames(schema) : null;
  return async (frame, path, part) => {
    const polars = loadPolars();
    if (format === 'parquet') {
      return frame.sinkParquet(path, {
        compression: codecs[compression ?? 'zstd'],
        // Level 3, the default, takes a third more time here and no fewer bytes.
        compressionLevel: 2,
        rowGroupSize: ROW_GROUP,
      });
    }
    spelling ??= buildSpelling(polars, schema ? findSpelt(schema) : await probeSpelt(frame), format);
    const { columns, timeFormat } = spelling;
    const text = { compression: packed[compression ?? 'none'], checkExtension: false } as const;
    const spelt = columns.length === 0 ? frame : frame.withColumns(...columns);
    if (format === 'csv') {
      const times = timeFormat === null ? {} : { datetimeFormat: timeFormat };
      return spelt.sinkCSV(path, { ...text, ...times, includeHeader: part === 0 });
    }
    if (format === 'jsonl') return spelt.sinkNdJson(path, text);
    // An array is made of lines, and packed, when they are joined.
    if (format === 'json') return spelt.sinkNdJson(path);
    // Who reads these parts knows no views.
    return (roomy ? spelt.rename(roomy) : spelt).sinkIpc(path, { compatLevel: 'oldest' });
  };
}

/** What a plan spells itself, and how a writer of CSV is to spell times. Built once: expressions take memory. */
interface Spelling {
  readonly columns: readonly Expr[];
  readonly timeFormat: string | null;
}

function buildSpelling(polars: Polars, spelt: readonly SpeltColumn[], format: FileKind['format']): Spelling {
  // The writer of CSV spells times faster than a plan does, but all in one way.
  const formats = new Set(spelt.flatMap(({ timeFormat }) => timeFormat ?? []));
  const timeFormat = format === 'csv' && formats.size === 1 ? [...formats][0]! : null;
  const isJson = format === 'json' || format === 'jsonl';
  const isText = isJson || format === 'csv';
  const columns = spelt.flatMap(({ name, kind, timeFormat: own }): Expr[] => {
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
  return { columns, timeFormat };
}

/** ISO 8601, as precise as the column is: `2026-01-02T03:04:05.678Z`. */
function timeFormatOf(digits: number, zone: string | null): string {
  const suffix = !zone ? '' : zone === 'UTC' ? 'Z' : '%:z';
  return `%Y-%m-%dT%H:%M:%S${digits === 0 ? '' : `%.${digits}f`}${suffix}`;
}

function findSpelt(schema: arrow.Schema): SpeltColumn[] {
  return schema.fields.flatMap(({ name, type }): SpeltColumn[] => {
    if (arrow.DataType.isTimestamp(type)) {
      // Seconds become milliseconds in Polars.
      const digits = Math.max(1, type.unit) * 3;
      return [{ name, kind: 'time', timeFormat: timeFormatOf(digits, type.timezone ?? null) }];
    }
    if (arrow.DataType.isDictionary(type)) return [{ name, kind: 'category' }];
    const isUnsigned = arrow.DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned;
    return isUnsigned ? [{ name, kind: 'unsigned' }] : [];
  });
}

const unitDigits: Readonly<Record<string, number>> = { ms: 3, us: 6, ns: 9 };

/** A lazy frame does not tell its columns: one without rows is asked. */
async function probeSpelt(frame: LazyDataFrame): Promise<SpeltColumn[]> {
  const { schema } = await frame.limit(0).collect();
  return Object.entries(schema as Readonly<Record<string, unknown>>).flatMap(
    ([name, type]): SpeltColumn[] => {
      const text = String(type);
      const time = /\(Datetime\((\w+),(.*)\)\)$/.exec(text);
      if (time) return [{ name, kind: 'time', timeFormat: timeFormatOf(unitDigits[time[1]!]!, time[2]!) }];
      if (text.includes('(Categorical') || text.includes('(Enum')) return [{ name, kind: 'category' }];
      return text === 'DataType(UInt64)' ? [{ name, kind: 'unsigned' }] : [];
    },
  );
}
