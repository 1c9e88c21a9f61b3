// Whether every plan of a query gives the same rows. SQL leaves some of it to the plan: which rows a LIMIT takes among
// equals, the order of elements in array_agg, the last digits of a sum of floats. Such queries are not steered, unless it
// can be shown that nothing is left open. Judged by the text, on the safe side: what is not understood is open.
// The order of rows without ORDER BY is nobody's promise, and is not judged.
import type { SqlToken } from './sql-tokens.ts';

/** What the catalog has to confirm before a query is known to give the same rows under each plan. */
export interface OrderNeeds {
  /** Some column list of each must be a unique, not null key of the one table that the block reads. */
  readonly uniqueKeys: readonly { readonly table: string; readonly columns: readonly string[] }[];
  /** Words in calls of aggregates that are exact for exact numbers only. */
  readonly exactColumns: readonly string[];
}

type Block = readonly (SqlToken | Block)[];

const isBlock = (part: SqlToken | Block | undefined): part is Block => Array.isArray(part);
const textOf = (part: SqlToken | Block | undefined): string =>
  part === undefined || isBlock(part) ? '' : part.text;

/** Aggregates whose result no order of rows changes. */
const steady = new Set(
  'count min max bool_and bool_or every bit_and bit_or bit_xor approx_count_distinct'.split(' '),
);
/** Those that add up: exact for whole and decimal numbers, not for floats. */
const adding = new Set(
  'sum avg stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy'.split(
    ' ',
  ),
);
const steadyWindows = new Set([...steady, 'sum', 'avg', 'rank', 'dense_rank', 'percent_rank', 'cume_dist']);

/**
 * @param isAggregate of a called name, lower case
 * @returns null when the plan may decide which rows come
 */
export function judgeOrder(
  tokens: readonly SqlToken[],
  isAggregate: (name: string) => boolean,
): OrderNeeds | null {
  const root = nest(tokens);
  const uniqueKeys: { table: string; columns: string[] }[] = [];
  const exactColumns = new Set<string>();
  const isSettled = everyBlock(root, (block) => {
    const key = judgeLimit(block);
    if (key === null || !areCallsSettled(block, isAggregate, exactColumns)) return false;
    if (key) uniqueKeys.push(key);
    return true;
  });
  return isSettled ? { uniqueKeys, exactColumns: [...exactColumns] } : null;
}

function nest(tokens: readonly SqlToken[]): Block {
  const stack: (SqlToken | Block)[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'mark' && token.text === '(') stack.push([]);
    else if (token.kind === 'mark' && token.text === ')' && stack.length > 1) {
      const closed = stack.pop()!;
      stack.at(-1)!.push(closed);
    } else stack.at(-1)!.push(token);
  }
  return stack[0]!;
}

const everyBlock = (block: Block, test: (block: Block) => boolean): boolean =>
  test(block) && block.every((part) => !isBlock(part) || everyBlock(part, test));

/** Where a clause of a block begins, or -1. */
const find = (block: Block, ...words: string[]): number =>
  block.findIndex((_, i) => words.every((word, k) => textOf(block[i + k]) === word));

/** @returns false when nothing is to be confirmed, null when rows are left open */
function judgeLimit(block: Block): { table: string; columns: string[] } | false | null {
  if (find(block, 'distinct', 'on') >= 0) return null;
  const limits = ['limit', 'offset', 'fetch'].map((word) => find(block, word)).filter((at) => at >= 0);
  if (limits.length === 0) return false;
  if (isSetOperation(block)) return null;
  const from = find(block, 'order', 'by');
  if (from < 0) return isAlwaysOneRow(block) ? false : null;
  const select = find(block, 'select');
  const items = splitList(block.slice(from + 2, Math.min(...limits.filter((at) => at > from), block.length)));
  const order = items.map(stripDirection);
  const outputs = findOutputs(block, select);
  const expressions = order.map((item) => resolveItem(item, outputs));
  if (outputs?.every(({ text }) => expressions.includes(text))) return false;
  const groups = find(block, 'group', 'by');
  if (groups >= 0) {
    const keys = splitList(block.slice(groups + 2, findClauseEnd(block, groups + 2))).map((key) =>
      resolveItem(key, outputs),
    );
    return keys.every((key) => expressions.includes(key)) ? false : null;
  }
  const table = findOnlyTable(block);
  return table === null ? null : { table: table.name, columns: namesOf(expressions, table.alias) };
}

const isSetOperation = (block: Block): boolean =>
  ['union', 'intersect', 'except'].some((word) => find(block, word) >= 0);

/** An aggregate without groups. */
const isAlwaysOneRow = (block: Block): boolean =>
  find(block, 'group', 'by') < 0 &&
  find(block, 'having') < 0 &&
  find(block, 'over') < 0 &&
  textOf(block[0]) === 'select' &&
  steady.has(textOf(block[1])) &&
  isBlock(block[2]);

const clauses = new Set(
  'from where group having order window limit offset fetch for union except intersect qualify'.split(' '),
);

function findClauseEnd(block: Block, from: number): number {
  const at = block.findIndex((part, i) => i >= from && clauses.has(textOf(part)));
  return at < 0 ? block.length : at;
}

function splitList(parts: Block): Block[] {
  const items: (SqlToken | Block)[][] = [[]];
  for (const part of parts) {
    if (textOf(part) === ',') items.push([]);
    else items.at(-1)!.push(part);
  }
  return items;
}

/** `x DESC NULLS LAST` orders by x; `USING` orders by an operator of its own. */
function stripDirection(item: Block): Block {
  const at = item.findIndex((part) => ['asc', 'desc', 'nulls'].includes(textOf(part)));
  return at < 0 ? item : item.slice(0, at);
}

interface Output {
  readonly text: string;
  readonly alias: string;
}

/** What is selected; null where a star stands for it. */
function findOutputs(block: Block, select: number): Output[] | null {
  if (select < 0) return null;
  const start = ['distinct', 'all'].includes(textOf(block[select + 1])) ? select + 2 : select + 1;
  const items = splitList(block.slice(start, findClauseEnd(block, start)));
  if (items.some((item) => textOf(item.at(-1)) === '*')) return null;
  return items.map((item) => {
    const at = item.findIndex((part) => textOf(part) === 'as');
    if (at > 0) return { text: print(item.slice(0, at)), alias: textOf(item[at + 1]) };
    const isPlain = item.length === 1 || (item.length === 3 && textOf(item[1]) === '.');
    return { text: print(item), alias: isPlain ? textOf(item.at(-1)) : '' };
  });
}

function print(block: Block): string {
  return block.map((part) => (isBlock(part) ? `( ${print(part)} )` : part.text)).join(' ');
}

/** ORDER BY 2, ORDER BY alias. */
function resolveItem(item: Block, outputs: readonly Output[] | null): string {
  const text = print(item);
  const place = /^\d+$/.test(text) ? outputs?.[Number(text) - 1] : undefined;
  return (place ?? outputs?.find(({ alias }) => alias !== '' && alias === text))?.text ?? text;
}

/** The one table of a block, without joins. */
function findOnlyTable(block: Block): { name: string; alias: string } | null {
  const from = find(block, 'from');
  if (from < 0) return null;
  const parts = block.slice(from + 1, findClauseEnd(block, from + 1));
  if (parts.some((part) => isBlock(part) || [',', 'join', 'only'].includes(textOf(part)))) return null;
  const texts = parts.map(textOf).filter((text) => text !== 'as');
  const dotted = texts[1] === '.';
  const name = dotted ? texts.slice(0, 3).join('') : (texts[0] ?? '');
  const rest = texts.slice(dotted ? 3 : 1);
  return name === '' || rest.length > 1 ? null : { name, alias: rest[0] ?? texts[dotted ? 2 : 0]! };
}

/** `o.id` and `id` are the column id; expressions are no columns. */
function namesOf(expressions: readonly string[], alias: string): string[] {
  return expressions.flatMap((text) => {
    const parts = text.split(' ');
    if (parts.length === 1) return parts;
    return parts.length === 3 && parts[0] === alias && parts[1] === '.' ? [parts[2]!] : [];
  });
}

function areCallsSettled(
  block: Block,
  isAggregate: (name: string) => boolean,
  exactColumns: Set<string>,
): boolean {
  return block.every((part, i): boolean => {
    const call = block[i + 1];
    if (isBlock(part) || !isBlock(call) || (part.kind !== 'word' && part.kind !== 'name')) return true;
    const window = block.slice(i + 2, i + 5).findIndex((next) => textOf(next) === 'over');
    if (window >= 0) return isWindowSettled(part.text, block[i + 3 + window], exactColumns, call);
    if (!isAggregate(part.text) || steady.has(part.text)) return true;
    if (!adding.has(part.text)) return false;
    for (const word of wordsOf(call)) exactColumns.add(word);
    return true;
  });
}

/** Ranks, and what is computed over whole groups of peers. */
function isWindowSettled(
  name: string,
  frame: SqlToken | Block | undefined,
  exactColumns: Set<string>,
  call: Block,
): boolean {
  if (!steadyWindows.has(name) || !isBlock(frame)) return false;
  for (const word of wordsOf(call)) exactColumns.add(word);
  return !frame.some((part) => ['rows', 'groups'].includes(textOf(part)));
}

const wordsOf = (block: Block): string[] =>
  block.flatMap((part) =>
    isBlock(part) ? wordsOf(part) : part.kind === 'word' || part.kind === 'name' ? [unquote(part.text)] : [],
  );

const unquote = (name: string): string => (name.startsWith('"') ? name.slice(1, -1) : name);
