// Whether an expression looks at one row at a time. Decided on what Polars serializes, by a list of what is known to
// do so: whatever is not on it counts as looking at other rows, which costs memory, never a wrong result.
import type { Expr } from 'nodejs-polars';

/** Nodes whose result in a row comes of their inputs in that row. */
const rowNodes = new Set(['Alias', 'BinaryExpr', 'Cast', 'Column', 'KeepName', 'Literal', 'Ternary']);

/** Functions of one row, by name. */
const rowFunctions = new Set(
  (
    'Abs Negate Sign Floor Ceil Round RoundSF Clip Pow Log Log1p Exp Trigonometry Atan2 Coalesce FillNull FillNan ' +
    'Hash Cut MaxHorizontal MinHorizontal SumHorizontal MeanHorizontal ToPhysical Replace ReplaceStrict Bitwise ' +
    'Degrees Radians Cbrt Sqrt AsStruct Reinterpret'
  ).split(' '),
);

/** Families of functions of one row; of a family not all may be, those named here are not. */
const rowFamilies: Readonly<Record<string, ReadonlySet<string>>> = {
  StringExpr: new Set(['ConcatVertical']),
  TemporalExpr: new Set(['DatetimeFunction', 'Replace']),
  Boolean: new Set([
    'Any',
    'All',
    'IsUnique',
    'IsDuplicated',
    'IsFirstDistinct',
    'IsLastDistinct',
    'HasNulls',
    'IsClose',
    'IsSorted',
  ]),
};

/** True when the expression is known to give each row a value that depends on no other row. */
export function isRowWise(expression: Expr): boolean {
  let text: string;
  try {
    text = (expression as unknown as { serialize(format: 'json'): Buffer }).serialize('json').toString();
  } catch {
    return false; // Polars cannot write down functions that are compiled into its binding.
  }
  return isRowNode(JSON.parse(text));
}

function isRowNode(node: unknown): boolean {
  const [kind, body] = unwrap(node);
  if (kind === 'Function') return isRowFunction(body as FunctionNode);
  if (!rowNodes.has(kind)) return false;
  return inputsOf(kind, body).every(isRowNode);
}

interface FunctionNode {
  readonly input: readonly unknown[];
  readonly function: unknown;
}

function isRowFunction({ input, function: called }: FunctionNode): boolean {
  const [name, options] = unwrap(called);
  const exceptions = rowFamilies[name];
  const isKnown = exceptions ? !exceptions.has(unwrap(options)[0]) : rowFunctions.has(name);
  return isKnown && input.every((node) => isRowNode(node) || isListOfLiterals(node));
}

/** `IN (1, 2)`: a literal that is a list in each row. */
function isListOfLiterals(node: unknown): boolean {
  const [kind, body] = unwrap(node);
  if (kind !== 'Agg') return false;
  const [aggregate, inner] = unwrap(body);
  return aggregate === 'Implode' && unwrap((inner as { input?: unknown }).input)[0] === 'Literal';
}

/** What an expression is computed from; a literal of several rows would be a column of its own. */
function inputsOf(kind: string, body: unknown): readonly unknown[] {
  if (kind === 'Column') return [];
  if (kind === 'Literal') return unwrap(body)[0] === 'Series' ? [null] : [];
  if (kind === 'Alias') return [(body as readonly unknown[])[0]];
  if (kind === 'KeepName') return [body];
  const parts = body as Readonly<Record<string, unknown>>;
  const names = { BinaryExpr: ['left', 'right'], Cast: ['expr'], Ternary: ['predicate', 'truthy', 'falsy'] };
  return names[kind as keyof typeof names].map((name) => parts[name]);
}

/** Serialized variants are a name, or an object of one key. */
function unwrap(node: unknown): [string, unknown] {
  if (typeof node === 'string') return [node, null];
  if (node === null || typeof node !== 'object') return ['', null];
  const [entry = ['', null]] = Object.entries(node);
  return entry;
}
