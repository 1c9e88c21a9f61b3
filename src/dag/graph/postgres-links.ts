// Who reads what stands aside in EXPLAIN. A CTE and an InitPlan are listed below the operator that declares them, but
// run within those that read them: rows flow there, and their time is part of that of those.
import { textsOf } from './postgres-node.ts';
import type { PostgresNode } from './postgres-node.ts';

/** @returns for each operator that others read in passing, who they are; others are read by the one above */
export function findReaders(nodes: readonly PostgresNode[]): Map<PostgresNode, readonly PostgresNode[]> {
  const aside = nodes.filter(({ relationship, above }) => relationship === 'InitPlan' && above !== null);
  const readers = new Map<PostgresNode, PostgresNode[]>(aside.map((node) => [node, []]));
  const scans = nodes.filter(({ name }) => name === 'CTE Scan');
  for (const scan of scans) {
    const cte = cteOf(scan);
    if (cte) readers.get(cte)!.push(scan);
  }
  for (const node of aside) {
    const tokens = tokensOf(node);
    if (tokens !== null) readers.get(node)!.push(...readersOfValue(node, tokens));
  }
  for (const [node, found] of readers) if (found.length === 0) found.push(node.above!);
  return readers;
}

/** The nearest CTE of the name that a scan reads; not one that it is a part of. */
function cteOf(scan: PostgresNode): PostgresNode | undefined {
  const wanted = `CTE ${String(scan.fields['CTE Name'])}`;
  let from: PostgresNode = scan;
  for (let at = scan.above; at !== null; from = at, at = at.above) {
    const inside = from;
    const found = at.below.find(
      (node) => node !== inside && node.relationship === 'InitPlan' && node.fields['Subplan Name'] === wanted,
    );
    if (found) return found;
  }
  return undefined;
}

/** How the value of an InitPlan stands in expressions: `$0`, or `(InitPlan 1).col1` from version 17 on. */
function tokensOf({ fields }: PostgresNode): RegExp | null {
  const name = String(fields['Subplan Name']);
  if (name.startsWith('CTE ')) return null;
  const returned = /\(returns ([$\d,]+)\)/.exec(name)?.[1];
  const tokens = returned?.split(',').map((token) => `\\${token}(?!\\d)`) ?? [];
  const label = /^InitPlan [\w.]+/.exec(name)?.[0];
  if (label !== undefined) tokens.push(`\\(${label.replaceAll('.', '\\.')}\\)`);
  return tokens.length === 0 ? null : new RegExp(tokens.join('|'));
}

function readersOfValue(node: PostgresNode, tokens: RegExp): PostgresNode[] {
  const found = new Set<PostgresNode>();
  const look = (at: PostgresNode, gather: PostgresNode | null): void => {
    if (at === node) return;
    if (textsOf(at.fields).some((text) => tokens.test(text))) found.add(gather ?? at);
    // Workers get values that the process above them computed.
    const inner = gather ?? (at.name.startsWith('Gather') ? at : null);
    for (const next of at.below) look(next, inner);
  };
  look(node.above!, null);
  return [...found];
}
