// Reads the text that Polars prints of a plan (`describePlan()`, `describeOptimizedPlan()`; `explain()` in Python). It is
// made for eyes: an operator a line, what it reads below it and further to the right, and lines that belong to the one
// above. What is not known is kept by its name. Plans have no times: Polars does not say them by operator.
import { buildDagOf, PlanChecks } from './draft.ts';
import type { DraftOperator } from './draft.ts';
import type { OperatorDetails, OperatorFacts } from './operator-node.ts';
import { OperatorType } from './operator-type.ts';
import type { QueryDag } from './query-dag.ts';

const checks = new PlanChecks('Polars');

/** What operators begin with. The first one that fits counts; its group is the detail of that name. */
const operators: readonly (readonly [RegExp, OperatorType, string?])[] = [
  [/^DF (\[.*?\])/, OperatorType.SeqScan, 'columns'],
  [/^\S+ SCAN (\[.*\]|.*)$/, OperatorType.SeqScan, 'table'],
  [/^FILTER (.*)$/, OperatorType.Filter, 'predicate'],
  [/^(?:SELECT|simple π \d+\/\d+) (\[.*)$/, OperatorType.Project, 'columns'],
  [/^(?:WITH_COLUMNS|WITH COLUMNS):?/, OperatorType.Project],
  [/^(?:\[\[\])|^(?:EXPLODE|UNNEST|RENAME|ROW INDEX|ROW_INDEX|DROP)\b(.*)/, OperatorType.Project, 'columns'],
  [/^SORT BY (.*)$/, OperatorType.Sort, 'keys'],
  [/^AGGREGATE\b/, OperatorType.GroupBy],
  [/^UNIQUE\b.*? BY (.*)$/, OperatorType.GroupBy, 'groupKeys'],
  [/^(?:NESTED LOOP|CROSS|IEJOIN).* ?JOIN\b.*:/, OperatorType.NestedLoopJoin],
  [/^ASOF JOIN\b.*:/, OperatorType.MergeJoin],
  [/^[A-Z ]*JOIN\b.*:/, OperatorType.HashJoin],
  [/^(?:UNION|HCONCAT|MERGE_SORTED|MERGE SORTED)\b/, OperatorType.Append],
  [/^SLICE\[(.*)\]$/, OperatorType.Limit, 'slice'],
  [/^CACHE\[(.*)\]$/, OperatorType.Materialize, 'cache'],
  [/^SINK\b(.*)$/, OperatorType.Write, 'target'],
  [/^[A-Z][A-Z_]+\b/, OperatorType.Other],
];

/** Lines that say whose the next operator is. */
const structure = /^(?:FROM|END .*|(?:LEFT|RIGHT) PLAN ON: .*|PLAN \d+:|(?:LEFT|RIGHT) PLAN:?)$/;
/** Lines that say more of the operator above. */
const more: readonly (readonly [RegExp, string])[] = [
  [/^PROJECT\b(.*)$/, 'project'],
  [/^SELECTION: (.*)$/, 'predicate'],
  [/^SLICE: (.*)$/, 'slice'],
  [/^ROW COUNT: (.*)$/, 'rowCount'],
];

interface Open {
  readonly indent: number;
  readonly draft: {
    type: OperatorType;
    facts: OperatorFacts;
    details: OperatorDetails;
    inputs: DraftOperator[];
  };
}

/**
 * A plan of Polars as a graph. Ids count from the scans up; a cache that several read is one operator.
 * @throws RuvectorError `ERR_DAG_PLAN` with the line
 */
export function parsePolarsPlan(text: string): QueryDag {
  if (typeof text !== 'string') throw checks.error('document', `it is ${typeof text}, no text`);
  const roots: DraftOperator[] = [];
  const open: Open[] = [];
  const caches = new Map<string, Open['draft']>();
  let [skipDeeper, last] = [Infinity, null as Open | null];
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.trim();
    const indent = line.length - line.trimStart().length;
    if (words === '' || indent > skipDeeper) continue;
    skipDeeper = Infinity;
    if (structure.test(words) || (last && addDetail(last, words))) continue;
    const draft = draftOf(words);
    if (draft === null) {
      if (last === null) throw checks.error(`line ${at + 1}`, 'it names no operator');
      continue;
    }
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    const cache = draft.details['cache'];
    const held = typeof cache === 'string' ? caches.get(cache) : undefined;
    if (held) skipDeeper = indent;
    else if (typeof cache === 'string') caches.set(cache, draft);
    const above = open.at(-1);
    if (above === undefined && roots.length > 0) {
      throw checks.error(`line ${at + 1}`, `"${words.slice(0, 40)}" stands below no operator`);
    }
    (above?.draft.inputs ?? roots).push(held ?? draft);
    checks.level(`line ${at + 1}`, open.length + 1);
    last = { indent, draft: held ?? draft };
    open.push(last);
  }
  if (roots.length === 0) throw checks.error('document', 'it names no operator');
  return buildDagOf(roots);
}

function draftOf(words: string): Open['draft'] | null {
  for (const [pattern, type, detail] of operators) {
    const found = pattern.exec(words);
    if (!found) continue;
    const name = /^(?:[\w-]+ SCAN|[A-Z][A-Z_]*(?: [A-Z]+)*|simple π)/.exec(words)?.[0] ?? words;
    const value = detail === undefined ? undefined : found[1]?.trim();
    const details = {
      name: name.trim(),
      ...(detail !== undefined && value && { [detail]: value.toWellFormed() }),
    };
    return { type, facts: {}, details, inputs: [] };
  }
  return null;
}

/** Adds what a line says of an operator. @returns false for a line that says nothing of it */
function addDetail({ draft }: Open, words: string): boolean {
  const rows = /^ESTIMATED ROWS: (\d+)$/.exec(words)?.[1];
  if (rows !== undefined) draft.facts = { ...draft.facts, estimatedRows: Number(rows) };
  const keys = /^\[(.*)\] BY \[(.*)\]$/.exec(words);
  if (keys) add(draft, { functions: keys[1]!, groupKeys: keys[2]! });
  else if (words.startsWith('[')) add(draft, { columns: words });
  const told = more.find(([pattern]) => pattern.test(words));
  if (told) add(draft, { [told[1]]: told[0].exec(words)![1]!.trim() });
  return rows !== undefined || words.startsWith('[') || told !== undefined;
}

function add(draft: Open['draft'], details: Readonly<Record<string, string>>): void {
  const kept = Object.entries(details).map(([name, value]) => [name, value.toWellFormed()]);
  draft.details = { ...draft.details, ...(Object.fromEntries(kept) as Record<string, string>) };
}
