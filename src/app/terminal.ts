// What the commands print: tables for people, JSON for machines.
import { interruptedBySignalError } from './errors.ts';
import { columnsOf, wrapWords } from './wrap-words.ts';
import { watchStopSignals } from './serve/stop-signals.ts';

/** Prints one JSON document. */
export function printJson(value: unknown): void {
  print(toJson(value));
}

/** One JSON document; bigints become numbers. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v), 2);
}

/** Writes text to standard error, in lines of the terminal and with a final line break. */
export function tell(text: string): void {
  const wrapped = wrapWords(showControls(text), columnsOf(process.stderr));
  process.stderr.write(wrapped.endsWith('\n') ? wrapped : `${wrapped}\n`);
}

/** What an error quotes of a file that is none of ours, or of a name, commands no terminal: `\\x1b` for ESC. */
export function showControls(text: string): string {
  return text.replaceAll(
    // eslint-disable-next-line no-control-regex
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** Prints text with a final line break. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Aligned rows of a name and its value, the value in lines of the terminal. */
export function formatRows(
  rows: readonly (readonly [string, string])[],
  columns = columnsOf(process.stdout),
): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => name.padEnd(width) + wrapWords(value, columns, width)).join('\n');
}

/** Columns under their heads; where the terminal is too narrow for them, a block for each row. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  columns = columnsOf(process.stdout),
): string {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  if (widths.reduce((sum, width) => sum + width + 2, -2) > columns) {
    return rows.map((row) => formatBlock(heads, row, columns)).join('\n');
  }
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatBlock(
  heads: readonly string[],
  [first = '', ...cells]: readonly string[],
  columns: number,
): string {
  const named = cells.flatMap((cell, i): [string, string][] =>
    cell === '' ? [] : [[`  ${heads[i + 1]}`, cell]],
  );
  return named.length === 0 ? first : `${first}\n${formatRows(named, columns)}`;
}

/** `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${bytes < 0 ? '−' : ''}${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `1 client`, `2 clients`. */
export const countNoun = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `90` → `1 min 30 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${seconds < 9.95 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 90 ? `${minutes} min ${whole % 60} s` : `${(whole / 3600).toFixed(1)} h`;
}

let stoppedBy: NodeJS.Signals | null = null;

/** The signal that ended this command; null where none did. */
export const stoppingSignal = (): NodeJS.Signals | null => stoppedBy;

/** An abort signal that fires on Ctrl-C, SIGTERM and a terminal that closes: a command drains instead of dying. */
export function abortOnSignals(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const signals = watchStopSignals({
    onStop: (name) => {
      stoppedBy = name;
      controller.abort(interruptedBySignalError(name));
    },
  });
  return { signal: controller.signal, [Symbol.dispose]: () => signals[Symbol.dispose]() };
}
