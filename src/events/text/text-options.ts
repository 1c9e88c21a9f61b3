// What a text file of events may look like, and what is known of one before its first event: columns, unit, geometry.
import { eventOptionsError } from '../model/index.ts';
import type { Geometry, Polarity, TimeUnit } from '../model/index.ts';
import type { PlainLines } from './plain-lines.ts';

/** Columns of an event. */
export const TEXT_COLUMNS = ['t', 'x', 'y', 'p'] as const;

/** A column of a text file; `-` is one that is passed over. */
export type TextColumn = (typeof TEXT_COLUMNS)[number] | '-';

/** Options of reading text. */
export interface TextReadOptions {
  /** @default what a row of names or a comment of the file says; x,y,p,t behind `%geometry:`; else t,x,y,p */
  readonly columns?: readonly TextColumn[] | undefined;
  /** Unit of the file's times. @default what the file says; µs behind `%geometry:` */
  readonly timeUnit?: TimeUnit | undefined;
  /** Unit of the times that are given; finer digits are rounded, halves away from zero. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  /** @default unsigned */
  readonly polarity?: Polarity | undefined;
  /** @default what the file says */
  readonly geometry?: Geometry | undefined;
  /** Leave out events outside the geometry (they are counted either way). @default false */
  readonly dropOutside?: boolean | undefined;
  /** Names the file in errors. @default text */
  readonly source?: string | undefined;
  /** Decodes runs of plain lines. @default the decoder itself */
  readonly plainLines?: PlainLines | undefined;
}

/** @throws RuvectorError `ERR_EVENTS_OPTIONS` where a column is missing or named twice */
export function checkTextColumns(columns: readonly TextColumn[]): readonly TextColumn[] {
  const names = columns.filter((column) => column !== '-');
  const isOnceEach = names.length === TEXT_COLUMNS.length && new Set(names).size === names.length;
  if (isOnceEach && names.every((name) => TEXT_COLUMNS.includes(name))) return columns;
  throw eventOptionsError(
    'columns',
    columns.join(','),
    't, x, y and p are needed once each',
    'name them in the order of the file, as t,x,y,p, and - for a column to pass over',
  );
}

/** Decimal digits by which a unit is finer than a second. */
const unitDigits: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };

/** By how many digits a point moves from the file's unit to the one that is given; negative: digits are rounded away. */
export const digitsBetween = (from: TimeUnit, to: 'us' | 'ns'): number => unitDigits[to] - unitDigits[from];

/** Names that columns have in rows of names, lower case, without a unit. */
const columnNames: Readonly<Record<string, TextColumn>> = {
  t: 't',
  ts: 't',
  time: 't',
  timestamp: 't',
  timestamps: 't',
  x: 'x',
  col: 'x',
  column: 'x',
  y: 'y',
  row: 'y',
  p: 'p',
  pol: 'p',
  polarity: 'p',
  on: 'p',
};

const unitNames: Readonly<Record<string, TimeUnit>> = {
  s: 's',
  sec: 's',
  second: 's',
  seconds: 's',
  ms: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  us: 'us',
  µs: 'us',
  μs: 'us',
  usec: 'us',
  microsecond: 'us',
  microseconds: 'us',
  ns: 'ns',
  nsec: 'ns',
  nanosecond: 'ns',
  nanoseconds: 'ns',
};

/** The unit that a word names, in a file's attribute or comment; undefined when it names none. */
export const parseTimeUnit = (word: string): TimeUnit | undefined => unitNames[word.trim().toLowerCase()];

/** What the lines before the first event said. */
export class TextPreamble {
  columns: readonly TextColumn[] | null = null;
  timeUnit: TimeUnit | null = null;
  geometry: Geometry | null = null;
  /** `%geometry:` stood there: Prophesee's CSV, x,y,p,t in µs. */
  isProphesee = false;

  /** Reads a comment: `%geometry:W,H`, `# geometry: W,H`, `# columns: t x y p`, `# time unit: us`. */
  readComment(line: string): void {
    const geometry = /^([%#])\s*geometry\s*[:=]?\s*(\d{1,5})\s*[,x ]\s*(\d{1,5})\s*$/i.exec(line);
    if (geometry) {
      this.geometry = { width: Number(geometry[2]), height: Number(geometry[3]) };
      this.isProphesee ||= geometry[1] === '%';
    }
    const columns = /^[%#]\s*columns\s*[:=]\s*(.+)$/i.exec(line);
    if (columns) this.readNames(columns[1]!.trim());
    const unit = /^[%#]\s*time[ _-]?unit\s*[:=]\s*(\S+)\s*$/i.exec(line);
    if (unit) this.timeUnit = parseTimeUnit(unit[1]!) ?? this.timeUnit;
  }

  /** Reads a row of names. @returns false when it names no column of an event */
  readNames(line: string): boolean {
    const names = line.split(/\s*[,;\t]\s*|\s+(?![([])/).filter((name) => name !== '');
    const columns = names.map((name) => this.#readName(name));
    if (!TEXT_COLUMNS.every((column) => columns.filter((name) => name === column).length === 1)) return false;
    this.columns = columns;
    return true;
  }

  /** A name may say its unit: t_us, t (us), timestamp[ns]. */
  #readName(text: string): TextColumn {
    const name = text.toLowerCase().replaceAll(/["']/g, '');
    const whole = columnNames[name];
    if (whole !== undefined) return whole;
    const match = /^([a-z]+)\s*[_([]\s*([a-zµμ]+)\s*[)\]]?$/.exec(name);
    const column = match ? columnNames[match[1]!] : undefined;
    const unit = match ? unitNames[match[2]!] : undefined;
    if (column !== 't' || unit === undefined) return '-';
    this.timeUnit = unit;
    return 't';
  }
}
