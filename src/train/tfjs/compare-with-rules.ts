// Whether a network is better than the best rule, in the words of python/src/ruvector/_training/comparison.py, which a
// test holds this to. Better means that the 95 % interval of the difference, drawn on the same blocks of held-out rows for
// both, lies above zero; a higher score alone is no reason. Pure.
import { scorePair } from '../../models/index.ts';
import type { Interval, ScoredRows } from '../../models/index.ts';

/** What the first line of a report says. */
interface Verdict {
  /** The best rule; absent where nothing could be compared. */
  readonly rule?: string;
  /** Above zero favours the network. */
  readonly difference?: number;
  readonly interval?: Interval;
  /** Null: it cannot be told. */
  readonly better: boolean | null;
  readonly sentence: string;
}

/** The difference to one rule. */
interface Difference {
  readonly difference: number;
  readonly differenceInterval: Interval;
}

/** Fewer rows cannot tell. */
const MIN_ROWS = 30;

/** Holds labels against those of each rule. @param rows in time order, as all answers are */
export function compareWithRules(
  rows: ScoredRows,
  predicted: Int8Array,
  rules: Readonly<Record<string, Int8Array>>,
): { comparison: Verdict; byRule: Readonly<Record<string, Difference>> } {
  const shortage = describeShortage(rows, rules);
  if (shortage !== null) {
    const sentence = `Cannot tell whether it is better than a rule: ${shortage}.`;
    return { comparison: { better: null, sentence }, byRule: {} };
  }
  const pairs = Object.entries(rules).map(([name, answers]) => ({
    name,
    ...scorePair(rows, predicted, answers),
  }));
  const best = pairs.reduce((found, each) => (each.b.macroF1! > found.b.macroF1! ? each : found));
  const [low, high] = best.interval;
  const better = low > 0 ? true : high < 0 ? false : null;
  const { name: rule, difference, interval } = best;
  const scores = [best.a.macroF1!, best.b.macroF1!].map((score) => score.toFixed(3));
  const sentence =
    `${claims.get(better)} than the best rule: macro-F1 ${scores[0]}, the rule ${rule} ${scores[1]} on ` +
    `${rows.labels.length.toLocaleString('en-US')} held-out rows; the 95 % interval of the difference, ` +
    `${signed(low)} to ${signed(high)}, ${places.get(better)}.`;
  const byRule = pairs.map(({ name, difference: by, interval: differenceInterval }) => [
    name,
    { difference: by, differenceInterval },
  ]);
  return {
    comparison: { rule, difference, interval, better, sentence },
    byRule: Object.fromEntries(byRule) as Record<string, Difference>,
  };
}

const claims = new Map([
  [true, 'Better'],
  [false, 'Worse'],
  [null, 'Not shown to be better'],
]);
const places = new Map([
  [true, 'is above zero'],
  [false, 'is below zero'],
  [null, 'contains zero'],
]);

function describeShortage({ labels }: ScoredRows, rules: Readonly<Record<string, unknown>>): string | null {
  if (labels.length < MIN_ROWS) {
    return `it has ${labels.length} held-out rows, and fewer than ${MIN_ROWS} cannot tell; collect longer`;
  }
  if (new Set(Array.from(labels)).size < 2) {
    return `its ${labels.length} held-out rows all have one label; collect over a time in which memory gets short`;
  }
  return Object.keys(rules).length === 0 ? 'there is no rule for this data to hold it against' : null;
}

/** With the minus of Python's text. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(3);
  return `${value < 0 ? '−' : '+'}${text}`;
}
