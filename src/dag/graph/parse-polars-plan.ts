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

interface Draft {
  type: OperatorType;
  facts: OperatorFacts;
  details: OperatorDetails;
  inputs: DraftOperator[];
}

/**
 * A plan of Polars as a graph. Ids count from the scans up; a cache that several read is one operator.
 * @throws RuvectorError `ERR_DAG_PLAN` with the line
 */
export function parsePolarsPlan(text: string): QueryDag {
  if (typeof text !== 'string') throw checks.error('document', `it is ${typeof text}, no text`);
  const tree = new PlanTree();
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.trim();
    if (words !== '') tree.take(`line ${at + 1}`, line.length - line.trimStart().length, words);
  }
  if (tree.roots.length === 0) throw checks.error('document', 'it names no operator');
  return buildDagOf(tree.roots);
}

/** Takes a plan line by line. */
class PlanTree {
  readonly roots: Draft[] = [];
  /** The way down to the operator that came last. */
  readonly #open: { readonly indent: number; readonly draft: Draft }[] = [];
  readonly #caches = new Map<string, Draft>();
  /** What is further to the right is below a cache that has been read. */
  #skipDeeper = Infinity;

  take(place: string, indent: number, words: string): void {
    if (indent > this.#skipDeeper) return;
    this.#skipDeeper = Infinity;
    const last = this.#open.at(-1);
    if (structure.test(words) || (last && addDetail(last.draft, words))) return;
    const draft = draftOf(words);
    if (draft !== null) this.#add(place, indent, words, draft);
    else if (last === undefined) throw checks.error(place, 'it names no operator');
  }

  #add(place: string, indent: number, words: string, draft: Draft): void {
    while (this.#open.length > 0 && this.#open.at(-1)!.indent >= indent) this.#open.pop();
    const above = this.#open.at(-1)?.draft;
    if (above === undefined && this.roots.length > 0) {
      throw checks.error(place, `"${words.slice(0, 40)}" stands below no operator`);
    }
    const known = this.#known(indent, draft);
    (above?.inputs ?? this.roots).push(known);
    checks.level(place, this.#open.length + 1);
    this.#open.push({ indent, draft: known });
  }

  /** A cache that was read before, or the operator itself. */
  #known(indent: number, draft: Draft): Draft {
    const { cache } = draft.details;
    if (typeof cache !== 'string') return draft;
    const held = this.#caches.get(cache);
    if (held) this.#skipDeeper = indent;
    else this.#caches.set(cache, draft);
    return held ?? draft;
  }
}

function draftOf(words: string): Draft | null {
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
function addDetail(draft: Draft, words: string): boolean {
  const rows = /^ESTIMATED ROWS: (\d+)$/.exec(words)?.[1];
  if (rows !== undefined) draft.facts = { ...draft.facts, estimatedRows: Number(rows) };
  const keys = /^\[(.*)\] BY \[(.*)\]$/.exec(words);
  if (keys) add(draft, { functions: keys[1]!, groupKeys: keys[2]! });
  else if (words.startsWith('[')) add(draft, { columns: words });
  const told = more.find(([pattern]) => pattern.test(words));
  if (told) add(draft, { [told[1]]: told[0].exec(words)![1]!.trim() });
  return rows !== undefined || words.startsWith('[') || told !== undefined;
}

function add(draft: Draft, details: Readonly<Record<string, string>>): void {
  const kept = Object.entries(details).map(([name, value]) => [name, value.toWellFormed()]);
  draft.details = { ...draft.details, ...(Object.fromEntries(kept) as Record<string, string>) };
}
