// Expressions: Polars expressions, or SQL text (`rss_kib / 1024.0 as working_set_mb`), which Polars itself reads. The
// text is planned against a frame without rows, and its expressions are taken out of that plan, so that both kinds
// are the same thing from there on.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../core/index.ts';
import type { StageScope } from '../contract.ts';
import { unreadableExpressionError } from './errors.ts';
import { isRowWise } from './expression-scope.ts';
import { emptyOf } from './polars.ts';

/** A Polars expression, or SQL text; a text may hold several, separated by commas. */
export type Expression = Expr | string;

/** Expressions that are ready for a plan, and how far a row's result depends on other rows. */
export interface ReadExpressions {
  readonly expressions: readonly Expr[];
  readonly scope: StageScope;
}

/**
 * Reads what is computed for each row.
 * @throws PipelinePlanError `ERR_PIPELINE_EXPRESSION` for a text that is no list of expressions over these columns
 */
export function readExpressions(
  stage: string,
  texts: readonly Expression[],
  frame: LazyDataFrame,
): ReadExpressions {
  const empty = lazily(() => emptyOf(frame));
  const expressions = texts.flatMap((text) =>
    typeof text === 'string' ? readSelection(stage, text, empty()) : [text],
  );
  return { expressions, scope: scopeOf(expressions) };
}

/** Reads a condition. @throws PipelinePlanError `ERR_PIPELINE_EXPRESSION` */
export function readCondition(
  stage: string,
  condition: Expression,
  frame: LazyDataFrame,
): { readonly condition: Expr; readonly scope: StageScope } {
  const read = typeof condition === 'string' ? readWhere(stage, condition, emptyOf(frame)) : condition;
  return { condition: read, scope: scopeOf([read]) };
}

const scopeOf = (expressions: readonly Expr[]): StageScope =>
  expressions.every(isRowWise) ? 'row' : 'table';

function readSelection(stage: string, text: string, empty: LazyDataFrame): Expr[] {
  // A line break ends a comment that the text may end with. With `*` in front, constants are planned as all others.
  const { Select: select } = planOf(stage, text, `SELECT *, ${text}\nFROM self`, empty);
  const isList = select !== undefined && isFrame(select.input) && text.trim() !== '';
  if (!isList) throw notExpressions(stage, text);
  return select.expr.slice(empty.columns.length).map(toExpression);
}

function readWhere(stage: string, text: string, empty: LazyDataFrame): Expr {
  const { Select: select } = planOf(stage, text, `SELECT * FROM self WHERE (${text}\n)`, empty);
  const filter = select?.input.Filter;
  if (!filter || !isFrame(filter.input)) throw notExpressions(stage, text);
  return toExpression(filter.predicate);
}

/** The part of a serialized plan that is looked at here. */
interface PlanNode {
  readonly Select?: { readonly expr: readonly object[]; readonly input: PlanNode };
  readonly Filter?: { readonly predicate: object; readonly input: PlanNode };
  readonly IR?: { readonly dsl: PlanNode };
  readonly DataFrameScan?: object;
}

function planOf(stage: string, text: string, sql: string, self: LazyDataFrame): PlanNode {
  const { SQLContext } = loadPolars();
  const plan = SQLContext({ self }).execute(sql) as unknown as SqlResult;
  // SQLContext returns its errors in place of a plan. A column that is not there is named as for any other stage.
  if (plan._ldf instanceof Error) {
    if (isMissingColumn(plan._ldf)) throw plan._ldf;
    throw unreadableExpressionError(stage, text, plan._ldf);
  }
  return JSON.parse(plan.serialize('json').toString()) as PlanNode;
}

const isMissingColumn = ({ message }: Error): boolean => message.includes('unable to find column');

interface SqlResult {
  readonly _ldf: unknown;
  serialize(format: 'json'): Buffer;
}

/** A frame whose columns were asked for before stands in one wrapping more. */
const isFrame = (node: PlanNode): boolean =>
  node.IR ? isFrame(node.IR.dsl) : node.DataFrameScan !== undefined;

const toExpression = (node: object): Expr =>
  loadPolars().Expr.deserialize(Buffer.from(JSON.stringify(node)), 'json');

const notExpressions = (stage: string, text: string): Error =>
  unreadableExpressionError(stage, text, new Error('it is more than expressions separated by commas'));

function lazily<T>(create: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= create());
}
