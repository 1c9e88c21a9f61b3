// Which records of a table a subscriber gets: its filters, then its interval. Decides record by record,
// whether the record comes from memory or from the history.
import type { AnyRow, Field, RecordKind } from '../../core/index.ts';
import type { StreamFilter } from '../stream-contract.ts';

/** Decides on the next record of a table; must see each record once and in order. */
export type RecordTest = (row: AnyRow) => boolean;

/** A sampler on a fixed grid is now early, now late; this much early still counts as a full interval. */
const JITTER_SHARE = 0.05;

/**
 * Builds the test of one subscriber for one table.
 * @param lastTimestamp timestamp of the last record that passed before, for a subscriber that continues
 */
export function buildRecordTest(
  kind: RecordKind,
  filters: readonly StreamFilter[],
  intervalMs: number,
  lastTimestamp?: number,
): RecordTest {
  const tests = filters.flatMap((filter) => {
    const field = kind.fields.find(({ name }) => name === filter.column);
    return field ? [buildFilterTest(field, filter)] : [];
  });
  const matches: RecordTest = (row) => tests.every((test) => test(row));
  return intervalMs > 0 ? thinned(matches, intervalMs, lastTimestamp) : matches;
}

/** Rows of one timestamp are one sample: all of them pass or none. */
function thinned(matches: RecordTest, intervalMs: number, lastTimestamp: number | undefined): RecordTest {
  const leastMs = intervalMs * (1 - JITTER_SHARE);
  let lastMs = lastTimestamp;
  return (row) => {
    if (!matches(row)) return false;
    const timestamp = Number(row['timestamp']);
    // A clock that stepped back starts anew.
    const isDue = lastMs === undefined || timestamp - lastMs >= leastMs || timestamp < lastMs;
    if (isDue) lastMs = timestamp;
    return isDue || timestamp === lastMs;
  };
}

type Comparable = number | bigint | string | boolean;

const compare: Readonly<Record<StreamFilter['op'], (a: Comparable, b: Comparable) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function buildFilterTest(field: Field, { column, op, value }: StreamFilter): RecordTest {
  // 64-bit values travel as decimal strings, since JSON numbers are doubles.
  const wanted = field.type === 'uint64' ? BigInt(value) : value;
  const test = compare[op];
  return (row) => {
    const actual = row[column];
    return actual !== null && actual !== undefined && test(actual, wanted);
  };
}
