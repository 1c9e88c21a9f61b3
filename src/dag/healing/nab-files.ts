// Labelled series in the layout of the Numenta Anomaly Benchmark: a CSV file of timestamps and values for each series,
// and one JSON file of windows in which something is wrong, by the name of the series. Text in, values out.
import { nabError } from './errors.ts';

/** A series with the windows that people labelled. */
export interface LabelledSeries {
  /** As in the file of windows, e.g. `synthetic/latency-spikes.csv`. */
  readonly name: string;
  /** As they stand in the file. */
  readonly timestamps: readonly string[];
  readonly values: Float64Array;
  /** First and last row of each window, in order. */
  readonly windows: readonly (readonly [first: number, last: number])[];
}

/** Windows by the name of a series: first and last timestamp of each. */
export type NabWindows = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/** Reads `combined_windows.json`. @throws RuvectorError `ERR_DAG_NAB` */
export function parseNabWindows(file: string, text: string): NabWindows {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw nabError(file, 'it is no JSON', 'give the text of combined_windows.json');
  }
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((end) => typeof end === 'string');
  const isTable =
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((windows) => Array.isArray(windows) && windows.every(isPair));
  if (!isTable) {
    throw nabError(
      file,
      'a series has no list of pairs of timestamps',
      'give {"series.csv": [["from", "to"]]}',
    );
  }
  return value as NabWindows;
}

/**
 * Reads one CSV file.
 * @param windows those of all series; a series without any has none that is wrong
 * @throws RuvectorError `ERR_DAG_NAB` for a row without a number, or a window that begins or ends at no row
 */
export function parseNabSeries(name: string, text: string, windows: NabWindows): LabelledSeries {
  const [header, ...rows] = text.trimEnd().split(/\r?\n/);
  const columns = (header ?? '').split(',');
  const [timestampAt, valueAt] = [columns.indexOf('timestamp'), columns.indexOf('value')];
  if (timestampAt < 0 || valueAt < 0) {
    throw nabError(name, `its header is "${header}"`, 'it needs the columns timestamp and value');
  }
  const cells = rows.map((row) => row.split(','));
  const timestamps = cells.map((row) => row[timestampAt] ?? '');
  const values = Float64Array.from(cells, (row, at) => {
    const cell = row[valueAt] ?? '';
    const value = cell.trim() === '' ? NaN : Number(cell);
    if (Number.isFinite(value)) return value;
    throw nabError(name, `row ${at + 1} has the value "${cell}"`, 'give a number in each row');
  });
  const rowOf = new Map(timestamps.map((timestamp, at) => [toKey(timestamp), at]));
  const find = (timestamp: string): number => {
    const row = rowOf.get(toKey(timestamp));
    if (row === undefined)
      throw nabError(name, `no row is of "${timestamp}"`, 'windows begin and end at rows');
    return row;
  };
  const found = (windows[name] ?? []).map(([from, to]) => [find(from), find(to)] as const);
  return { name, timestamps, values, windows: found.sort(([a], [b]) => a - b) };
}

/** Windows have a fraction of a second, series have none. */
function toKey(timestamp: string): string {
  return timestamp.trim().replace(/\.0+$/, '');
}
