// The tests of a Vitest file with their whole names: titles of their describes, then their own.
import ts from 'typescript';

/** @returns `{ name, title, line }` of each `it`, a table's rows counted once; `title` is its own */
export function readTypeScriptTests({ path, text }) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const tests = [];
  visit(source, [], (titles, node) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    tests.push({ name: titles.join(' '), title: titles.at(-1), line });
  });
  return tests;
}

function visit(node, titles, found) {
  const call = ts.isCallExpression(node) ? functionNamed(node.expression) : undefined;
  const title = call === undefined ? undefined : titleOf(node.arguments[0]);
  const inside = title === undefined ? titles : [...titles, title];
  if (call === 'it' && title !== undefined) found(inside, node);
  ts.forEachChild(node, (child) => visit(child, inside, found));
}

/** `it`, `it.skipIf(…)`, `it.each(…)`, and the same of describe; not the inner call of those with two. */
function functionNamed(expression) {
  if (ts.isIdentifier(expression))
    return /^(?:it|describe)$/.test(expression.text) ? expression.text : undefined;
  if (ts.isPropertyAccessExpression(expression)) return functionNamed(expression.expression);
  if (ts.isCallExpression(expression) || ts.isTaggedTemplateExpression(expression)) {
    return functionNamed(ts.isCallExpression(expression) ? expression.expression : expression.tag);
  }
  return undefined;
}

/** What is put into a title while it runs is shown as `…`. */
function titleOf(node) {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('');
}
