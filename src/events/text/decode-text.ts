// Lines of text → events. A line is four values in the order of the columns, parted by blanks, tabs, commas or
// semicolons; it ends with LF or CR LF, the last one with the file. `#` and `%` begin comments. What nearly every line is
// (digits, a point, a minus) is decoded without a string; any other line goes through exact-decimal.ts.
import type { FeedDecoder } from '../feed/index.ts';
import { createReadCounts, DEFAULT_POLARITY, eventDataError, timeUnitError } from '../model/index.ts';
import type { EventSlot, Geometry, ReadCounts, TimeUnit } from '../model/index.ts';
import { parseDecimal } from './exact-decimal.ts';
import { checkTextColumns, digitsBetween, TextPreamble } from './text-options.ts';
import type { TextColumn, TextReadOptions } from './text-options.ts';

const LF = 10;
const CR = 13;
const TAB = 9;
const BLANK = 32;
const COMMA = 44;
const SEMICOLON = 59;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const TWO_32 = 4294967296;

/** A line longer than this is no event. */
const MAX_LINE_BYTES = 65_536;
/** Lines of more columns are decoded here. */
const MAX_PLAIN_COLUMNS = 8;
/** Most lines until it is tried again whether lines are plain. */
const MAX_PLAIN_PAUSE = 4096;
/** Digits that a double holds whatever they are. */
const SAFE_DIGITS = 15;

/** Places of columns in the values of a line. */
const slots: Readonly<Record<TextColumn, number>> = { t: 0, x: 1, y: 2, p: 3, '-': 4 };

const isBetween = (byte: number): boolean =>
  byte === BLANK || byte === COMMA || byte === TAB || byte === SEMICOLON;

const powers = Float64Array.from({ length: SAFE_DIGITS + 1 }, (_, i) => 10 ** i);

/** What is known once the first event has come. */
interface TextLayout {
  readonly columns: readonly TextColumn[];
  readonly timeUnit: TimeUnit;
}

/** Decodes text in cuts of any size. */
export class TextEventDecoder implements FeedDecoder {
  readonly format = 'text' as const;
  readonly counts: ReadCounts = createReadCounts();
  readonly notes: readonly string[] = [];
  readonly #options: TextReadOptions;
  readonly #source: string;
  readonly #preamble = new TextPreamble();
  readonly #isSigned: boolean;
  readonly #isNative: boolean;
  #layout: TextLayout | null = null;
  /** Bytes of a line whose end is still to come. */
  #rest = new Uint8Array(256);
  #restBytes = 0;
  #line = 1;
  /** Where the bytes of the current call begin in the file. */
  #byte = 0;
  #lastTime = -Infinity;
  #order = Uint8Array.of(0, 1, 2, 3);
  #shift = 0;
  #width = Infinity;
  #height = Infinity;
  readonly #values = new Float64Array(5);
  /** Lines until somebody else is asked for plain ones again, and how many it was last. */
  #plainWait = 0;
  #plainPause = 1;

  /** @throws RuvectorError `ERR_EVENTS_OPTIONS` */
  constructor(options: TextReadOptions = {}) {
    this.#options = options;
    this.#source = options.source ?? 'text';
    if (options.columns) checkTextColumns(options.columns);
    const polarity = options.polarity ?? DEFAULT_POLARITY.text;
    this.#isSigned = polarity === 'signed';
    this.#isNative = polarity === 'native';
    if (options.geometry) this.#setGeometry(options.geometry);
  }

  /** Sensor size that the caller or the file says, once an event has come. */
  get geometry(): Geometry | null {
    return this.#options.geometry ?? this.#preamble.geometry;
  }

  /** Columns and unit are known: an event has come. */
  get isOpen(): boolean {
    return this.#layout !== null;
  }

  /** Columns and unit of the file, once an event has come. */
  get header(): Readonly<Record<string, string>> {
    return this.#layout ? { columns: this.#layout.columns.join(','), timeUnit: this.#layout.timeUnit } : {};
  }

  #setGeometry({ width, height }: Geometry): void {
    this.#width = width;
    this.#height = height;
  }

  /**
   * Appends the events of `bytes`.
   * @returns bytes consumed: fewer than there are only when the slot is full
   * @throws RuvectorError `ERR_EVENTS_DATA` with line and byte, `ERR_EVENTS_TIME_UNIT`
   */
  decode(bytes: Uint8Array, events: EventSlot): number {
    let at = 0;
    if (this.#restBytes > 0) {
      const end = bytes.indexOf(LF);
      if (end < 0) return this.#keep(bytes, 0);
      if (events.length === events.capacity) return 0;
      this.#endRest(bytes.subarray(0, end + 1), events);
      at = end + 1;
    }
    const end = bytes.lastIndexOf(LF) + 1;
    if (at < end) at = this.#decodeLines(bytes, at, end, events);
    if (at < end) {
      this.#byte += at;
      return at;
    }
    return this.#keep(bytes, at);
  }

  /**
   * The text ends here: its last line needs no end. Where the slot is full and a line is left, nothing happens.
   * @returns false while a line is left
   */
  end(events: EventSlot): boolean {
    if (this.#restBytes === 0) return true;
    if (events.length === events.capacity) return false;
    this.#endRest(Uint8Array.of(LF), events);
    return true;
  }

  /** Counts of all that came. */
  finish(): ReadCounts {
    return this.counts;
  }

  /** Keeps the beginning of a line. */
  #keep(bytes: Uint8Array, from: number): number {
    const part = bytes.subarray(from);
    const size = this.#restBytes + part.length;
    if (size > MAX_LINE_BYTES) {
      this.#fail(this.#byte + from - this.#restBytes, `it is longer than ${MAX_LINE_BYTES} bytes`);
    }
    if (size > this.#rest.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#rest.length));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(part, this.#restBytes);
    this.#restBytes = size;
    this.#byte += bytes.length;
    return bytes.length;
  }

  /** Decodes the line whose beginning was kept. */
  #endRest(end: Uint8Array, events: EventSlot): void {
    const line = new Uint8Array(this.#restBytes + end.length);
    line.set(this.#rest.subarray(0, this.#restBytes));
    line.set(end, this.#restBytes);
    const start = this.#byte;
    this.#byte -= this.#restBytes;
    this.#restBytes = 0;
    this.#decodeLines(line, 0, line.length, events);
    this.#byte = start;
  }

  /** Decodes whole lines. @returns where it stopped, before `end` when the slot is full */
  #decodeLines(bytes: Uint8Array, from: number, end: number, events: EventSlot): number {
    let at = from;
    while (at < end && events.length < events.capacity) {
      const run = this.#plainRun(bytes, at, end, events);
      if (run > 0) {
        at += run;
        continue;
      }
      const next = this.#layout ? this.#plainLine(bytes, at) : 0;
      if (next > 0) {
        const values = this.#values;
        this.#append(events, values[0]!, values[1]!, values[2]!, values[3]!);
        at = next;
      } else {
        const lineEnd = bytes.indexOf(LF, at);
        this.#anyLine(bytes.subarray(at, lineEnd), this.#byte + at, events);
        at = lineEnd + 1;
      }
      this.#line++;
    }
    return at;
  }

  /** Has a run of plain lines decoded by who does it faster. @returns bytes done */
  #plainRun(bytes: Uint8Array, at: number, end: number, events: EventSlot): number {
    const { plainLines } = this.#options;
    if (!plainLines || !this.#layout || this.#shift < 0 || this.#order.length > MAX_PLAIN_COLUMNS) return 0;
    if (this.#plainWait > 0) {
      this.#plainWait--;
      return 0;
    }
    const run = plainLines.decode(bytes.subarray(at, end), events, this.#lastTime, this.counts);
    this.#line += run.lines;
    this.#lastTime = run.lastTime;
    // Where no line is plain it is asked again after a while only, which grows.
    this.#plainPause = run.lines > 0 ? 1 : Math.min(2 * this.#plainPause, MAX_PLAIN_PAUSE);
    this.#plainWait = run.lines > 0 ? 0 : this.#plainPause;
    return run.bytes;
  }

  /** Reads a line of digits, points and minuses into values. @returns where the next begins; 0 for any other line */
  #plainLine(bytes: Uint8Array, from: number): number {
    const values = this.#values;
    const order = this.#order;
    const last = order.length - 1;
    let at = from;
    for (let column = 0; column <= last; column++) {
      const slot = order[column]!;
      const isNegative = bytes[at] === MINUS;
      if (isNegative) at++;
      const start = at;
      let value = 0;
      let digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digit = bytes[++at]! - ZERO;
      }
      if (at === start || at - start > SAFE_DIGITS) return 0;
      if (slot === 0) {
        at = this.#plainTime(bytes, start, at, value);
        if (at === 0) return 0;
        value = values[0]!;
      }
      values[slot] = isNegative ? -value : value;
      if (column === last) break;
      if (!isBetween(bytes[at]!)) return 0;
      at++;
      while (bytes[at] === BLANK) at++;
    }
    if (bytes[at] === CR) at++;
    return bytes[at] === LF && this.#isEvent() ? at + 1 : 0;
  }

  /** Moves the point of a time whose digits up to the point are read. @returns where it ends; 0 when it is not plain */
  #plainTime(bytes: Uint8Array, start: number, end: number, whole: number): number {
    const shift = this.#shift;
    if (shift < 0 || end - start + shift > SAFE_DIGITS) return 0;
    if (bytes[end] !== POINT) {
      this.#values[0] = whole * powers[shift]!;
      return end;
    }
    let value = whole;
    let left = shift;
    let at = end + 1;
    let digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      if (left > 0) value = value * 10 + digit;
      // The first digit that is too fine rounds.
      else if (left === 0 && digit >= 5) value++;
      left--;
      digit = bytes[++at]! - ZERO;
    }
    this.#values[0] = left > 0 ? value * powers[left]! : value;
    return at;
  }

  #isEvent(): boolean {
    const values = this.#values;
    const [x, y, p] = [values[1]!, values[2]!, values[3]!];
    return x >= 0 && x <= 0xffff && y >= 0 && y <= 0xffff && p >= -1 && p <= 1;
  }

  #append(events: EventSlot, t: number, x: number, y: number, p: number): void {
    const index = events.length;
    events.lanes[2 * index] = t >>> 0;
    events.lanes[2 * index + 1] = Math.floor(t / TWO_32);
    this.#appendRest(events, t, x, y, p);
  }

  #appendRest(events: EventSlot, t: number, x: number, y: number, p: number): void {
    if (t < this.#lastTime) this.counts.timeReversals++;
    this.#lastTime = t;
    if (x >= this.#width || y >= this.#height) {
      this.counts.eventsOutside++;
      if (this.#options.dropOutside === true) return;
    }
    const index = events.length;
    events.x[index] = x;
    events.y[index] = y;
    events.p[index] = this.#isNative || p > 0 ? p : this.#isSigned ? -1 : 0;
    events.length = index + 1;
    this.counts.events++;
  }

  /** Any line: a comment, a row of names, an event in unusual notation, or what is wrong. */
  #anyLine(bytes: Uint8Array, byte: number, events: EventSlot): void {
    const isFirst = this.#line === 1;
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    const text = (isFirst ? whole.replace(/^\uFEFF/, '') : whole).trim();
    if (text === '') return;
    if (text.startsWith('#') || text.startsWith('%')) {
      if (!this.#layout) this.#preamble.readComment(text);
      return;
    }
    const line = text.replace(/\s*#.*$/, '');
    if (!this.#layout) {
      if (this.#isRowOfNames(line, byte)) return;
      this.#beginEvents();
    }
    this.#unusualLine(line, byte, events);
  }

  #isRowOfNames(line: string, byte: number): boolean {
    if (!/^["']?[a-z]/i.test(line) || /^(?:true|false|nan|inf)\b/i.test(line)) return false;
    if (this.#preamble.readNames(line) || this.#options.columns) return true;
    return this.#fail(byte, `t, x, y and p are not among its names "${line.slice(0, 80)}"`);
  }

  #beginEvents(): void {
    const preamble = this.#preamble;
    const columns =
      this.#options.columns ??
      preamble.columns ??
      (preamble.isProphesee ? (['x', 'y', 'p', 't'] as const) : (['t', 'x', 'y', 'p'] as const));
    const timeUnit = this.#options.timeUnit ?? preamble.timeUnit ?? (preamble.isProphesee ? 'us' : null);
    if (timeUnit === null) throw timeUnitError(this.#source, 'the file does not say the unit of its times');
    this.#layout = { columns, timeUnit };
    this.#order = Uint8Array.from(columns, (column) => slots[column]);
    this.#shift = digitsBetween(timeUnit, this.#options.resolution ?? 'us');
    if (this.geometry) this.#setGeometry(this.geometry);
    this.#options.plainLines?.begin({
      order: this.#order,
      shift: this.#shift,
      geometry: this.geometry,
      dropOutside: this.#options.dropOutside ?? false,
      polarity: this.#options.polarity ?? DEFAULT_POLARITY.text,
    });
  }

  #unusualLine(line: string, byte: number, events: EventSlot): void {
    const fields = line.split(/[ \t]*[,;][ \t]*|[ \t]+/);
    const { columns } = this.#layout!;
    if (fields.length !== columns.length) {
      this.#fail(byte, `it has ${fields.length} values where ${columns.length} belong`);
    }
    let [t, x, y, p] = [0n, 0, 0, 0];
    for (const [i, column] of columns.entries()) {
      const field = fields[i]!;
      if (column === 't') t = this.#parseTime(field, byte);
      else if (column === 'x') x = this.#parseWhole(field, 'x', byte, 0, 0xffff);
      else if (column === 'y') y = this.#parseWhole(field, 'y', byte, 0, 0xffff);
      else if (column === 'p') p = this.#parsePolarity(field, byte);
    }
    events.t[events.length] = t;
    this.#appendRest(events, Number(t), x, y, p);
  }

  #parseTime(field: string, byte: number): bigint {
    const value = parseDecimal(field, this.#shift, false);
    return typeof value === 'bigint' ? value : this.#failField('t', field, byte, value);
  }

  #parseWhole(field: string, column: string, byte: number, least: number, most: number): number {
    const value = parseDecimal(field, 0, true);
    if (typeof value !== 'bigint') return this.#failField(column, field, byte, value);
    if (value < least || value > most) {
      return this.#failField(column, field, byte, `not within ${least} and ${most}`);
    }
    return Number(value);
  }

  #parsePolarity(field: string, byte: number): number {
    if (/^true$/i.test(field)) return 1;
    if (/^false$/i.test(field)) return 0;
    return this.#parseWhole(field, 'p', byte, -1, 1);
  }

  #failField(column: string, field: string, byte: number, flaw: string): never {
    return this.#fail(byte, `its ${column} "${field.slice(0, 40)}" is ${flaw}`);
  }

  #fail(byte: number, state: string): never {
    throw eventDataError(
      this.#source,
      { byte, line: this.#line },
      `line ${this.#line}: ${state}`,
      'correct the line, or say how the file is written with --columns and --time-unit',
    );
  }
}
