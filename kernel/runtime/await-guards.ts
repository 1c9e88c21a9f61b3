// Awaits of cells, in their functions too, become places where an interrupt stops them (cell-runs.ts):
//
//   await x              →  $resume($mark(), await $awaited(x))
//   for await (…) body   →  for await (…) { $turn(); body }
//
// so that promises settle in the order of plain `await`. In a `try` that has a `finally` the interrupt rejects the
// await itself ($awaitedInTry): what it waits for may never settle, and the `finally` has to run.
import type { MagicString } from 'magic-string';
import { childrenOf } from './free-names.ts';
import type { SyntaxNode } from './free-names.ts';

/** Rewrites the awaits of a script. */
export function guardAwaits(text: MagicString, program: object): void {
  visit(program as SyntaxNode, false, text);
}

function visit(node: SyntaxNode, isInTry: boolean, text: MagicString): void {
  if (node.type === 'AwaitExpression') guardAwait(node, isInTry, text);
  if (node.type === 'ForOfStatement' && node['await'] === true) guardLoop(node, text);
  for (const [key, child] of childrenOf(node)) {
    const isTried = node.type === 'TryStatement' && node['finalizer'] !== null && key !== 'finalizer';
    visit(child, isTried || (isInTry && !/Function/.test(node.type)), text);
  }
}

function guardAwait(node: SyntaxNode, isInTry: boolean, text: MagicString): void {
  const argument = node['argument'] as SyntaxNode;
  text.appendLeft(node.start, '$resume($mark(), ');
  text.appendLeft(argument.start, isInTry ? '$awaitedInTry(' : '$awaited(');
  text.appendLeft(argument.end, '))');
}

function guardLoop(node: SyntaxNode, text: MagicString): void {
  const body = node['body'] as SyntaxNode;
  text.appendLeft(body.start, '{ $turn(); ');
  text.appendRight(body.end, ' }');
}
