// Pictures of data: exports, cards of training sets, privacy. What was trained on it: product-report.ts.
import { renderBars, renderFacts, renderFolded, renderRows } from './product-parts.ts';
import type { Picture } from './product-parts.ts';
import {
  fieldsOf,
  numberOf,
  recordsOf,
  wordsOf,
  writeBytes,
  writeCount,
  writeMs,
  writeTime,
} from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, Math, Object, String } from '../primordials.ts';

/** Files that an export wrote. */
export function drawExport(stats: Fields): Picture {
  const tables = Object.entries(fieldsOf(stats['tables'])).map(([name, held]) => ({
    name,
    ...fieldsOf(held),
  }));
  const privacy = Object.values(fieldsOf(stats['privacy'])).map((held) => drawPrivacy(fieldsOf(held)));
  const problems = Array.isArray(stats['problems']) ? stats['problems'] : [];
  return {
    title: stats['datasetId'] === undefined ? 'Export' : `Training set ${wordsOf(stats['datasetId'])}`,
    facts: [
      ['rows', writeCount(stats['rows'])],
      ['size', writeBytes(stats['bytes'])],
      ['time', writeMs(stats['ms'])],
      ['rows a second', writeCount(Math.round(numberOf(stats['rowsPerSecond'])))],
      ...(stats['resumedRows']
        ? [['rows of an earlier run', writeCount(stats['resumedRows'])] as const]
        : []),
      ...problems.map((problem) => ['problem', problem] as const),
    ],
    parts: [
      renderRows('Files', ['name', 'rows', 'path'], tables),
      renderBars('Rows by split', fieldsOf(stats['splits'])),
      renderBars('Weight of each label', fieldsOf(stats['classWeights'])),
      ...privacy.map(({ title, facts, parts = [] }) =>
        renderFolded(title, [renderFacts(facts), ...parts].join('')),
      ),
    ],
  };
}

/** The card of a training set. */
export function drawCard(card: Fields): Picture {
  const splits = Object.entries(fieldsOf(card['classCounts']));
  const files = recordsOf(card['files']).map(({ split, path, rows, bytes }) => ({
    split,
    path,
    rows: writeCount(rows),
    size: writeBytes(bytes),
  }));
  return {
    title: `Training set ${wordsOf(card['id'])}`,
    facts: [
      ['rows', writeCount(card['rows'])],
      ['from', writeTime(card['fromMs'])],
      ['to', writeTime(card['toMs'])],
      ['labels look ahead', writeMs(card['horizonMs'])],
      ['balance', wordsOf(fieldsOf(card['balance'])['how'])],
      ['sha256', wordsOf(card['sha256'])],
    ],
    parts: [
      ...splits.map(([split, counts]) => renderBars(`Rows of ${split} by label`, fieldsOf(counts))),
      renderRows('Files', ['split', 'path', 'rows', 'size'], files),
      renderRows('Labels', ['label', 'signal', 'reached', 'threshold', 'and'], labelRules(card)),
      renderFolded(
        'Features',
        renderRows('', ['name', 'unit', 'how', 'whenMissing'], recordsOf(card['features'])),
      ),
    ],
  };
}

/** The rules with their second condition, where one has it, as words. */
function labelRules(card: Fields): Record<string, unknown>[] {
  return recordsOf(card['labelRules']).map(({ and, ...rule }) => {
    if (and === undefined) return rule;
    const { signal, reached, threshold } = fieldsOf(and);
    return { ...rule, and: `${wordsOf(signal)} ${wordsOf(reached)} ${String(threshold)}` };
  });
}

/** How a table was made private, and what that does not protect. */
export function drawPrivacy(report: Fields): Picture {
  const k = fieldsOf(report['k']);
  const { released, generalized, suppressed } = fieldsOf(report['rows']);
  const notProtected = Array.isArray(report['notProtected']) ? report['notProtected'] : [];
  return {
    title: `Privacy of ${wordsOf(report['table'])}`,
    facts: [
      ['method', wordsOf(report['method'])],
      ['k asked', writeCount(k['asked'])],
      ['k reached', writeCount(k['reached'])],
      ['groups', writeCount(report['groups'])],
    ],
    parts: [
      renderBars('Rows', { released, generalized, suppressed }),
      renderFolded(
        'Columns',
        renderRows('', ['name', 'released', 'role', 'method'], recordsOf(report['columns'])),
      ),
      renderRows(
        'Not protected',
        ['what'],
        notProtected.map((what) => ({ what })),
      ),
    ],
  };
}
