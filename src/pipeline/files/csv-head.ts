// The first line of a CSV file, with every name in quotes: a reader that guesses the quoting from the first rows would
// else fail at the first text further down that needs it.

/** U+FEFF: without it Excel takes UTF-8 for the code page of the machine. */
const BYTE_ORDER_MARK = '\uFEFF';

/** The first line of a file whose first part is written by a plan, which quotes only what needs it. */
export interface CsvHead {
  readonly bytes: Uint8Array;
  /** Names under which the plan writes as many bytes, so that the line can be replaced where it stands. */
  readonly roomyNames: Readonly<Record<string, string>>;
}

/** @param hasMark whether a byte order mark comes first */
export function buildCsvHead(names: readonly string[], hasMark: boolean): CsvHead {
  const line = `${names.map((name) => `"${name.replaceAll('"', '""')}"`).join()}\n`;
  const numbers = names.map((_, at) => at.toString(36));
  const padding = '_'.repeat(Buffer.byteLength(line) - numbers.join().length - 1);
  const roomy = names.map((name, at) => [name, at === 0 ? numbers[0]! + padding : numbers[at]!]);
  return {
    bytes: Buffer.from(hasMark ? BYTE_ORDER_MARK + line : line),
    roomyNames: Object.fromEntries(roomy) as Record<string, string>,
  };
}
