// Where a script refers to names that it does not bind in a scope of its own: what it reads and writes of the
// global scope, its own top-level declarations included. Pure: works on the syntax tree of JavaScript.

/** A node of the tree. */
export type SyntaxNode = { type: string; start: number; end: number } & Record<string, unknown>;

/** One mention of a global name. */
export interface FreeName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `{ name }`: the mention is also the key of a property. */
  readonly isShorthand: boolean;
}

type Wanted = (name: string) => boolean;
interface Scope {
  readonly names: ReadonlySet<string>;
  readonly outer: Scope | null;
}

/** Finds the mentions of wanted names. */
export function findFreeNames(program: object, isWanted: Wanted): FreeName[] {
  const found: FreeName[] = [];
  visit(program as SyntaxNode, null, { found, isWanted });
  return found;
}

interface Search {
  readonly found: FreeName[];
  readonly isWanted: Wanted;
}

function visit(node: SyntaxNode, scope: Scope | null, search: Search): void {
  if (node.type === 'Identifier') return mention(node, false, scope, search);
  const inner = scopeOf(node, scope);
  if (node.type === 'Property' && node['shorthand'] === true) {
    const value = node['value'] as SyntaxNode;
    const isDefault = value.type === 'AssignmentPattern';
    mention((isDefault ? value['left'] : value) as SyntaxNode, true, inner, search);
    if (isDefault) visit(value['right'] as SyntaxNode, inner, search);
    return;
  }
  for (const [key, child] of childrenOf(node)) {
    if (!isName(node, key)) visit(child, inner, search);
  }
}

function mention(node: SyntaxNode, isShorthand: boolean, scope: Scope | null, search: Search): void {
  const name = node['name'] as string;
  if (!search.isWanted(name)) return;
  for (let at = scope; at !== null; at = at.outer) if (at.names.has(name)) return;
  search.found.push({ name, start: node.start, end: node.end, isShorthand });
}

/** The nodes below a node with the fields they are in. */
export function* childrenOf(node: SyntaxNode): Iterable<[string, SyntaxNode]> {
  for (const [key, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && typeof (child as SyntaxNode).type === 'string')
        yield [key, child as SyntaxNode];
    }
  }
}

/** Whether a field of a node holds a name that refers to nothing: of a property, a label, an expression's own. */
function isName(node: SyntaxNode, key: string): boolean {
  switch (key) {
    case 'property':
    case 'key':
      return node['computed'] !== true;
    case 'id':
      return node.type === 'FunctionExpression' || node.type === 'ClassExpression';
    case 'label':
    case 'meta':
      return true;
    case 'imported':
    case 'exported':
      return true;
    default:
      return node.type === 'MetaProperty';
  }
}

/** The scope that a node opens; the one around it when it opens none. The script itself opens none. */
function scopeOf(node: SyntaxNode, outer: Scope | null): Scope | null {
  const names = new Set<string>();
  binders[node.type]?.(node, names);
  return names.size > 0 ? { names, outer } : outer;
}

type Binder = (node: SyntaxNode, names: Set<string>) => void;

const bindFunction: Binder = (node, names) => {
  if (node.type === 'FunctionExpression') bindOwnName(node, names);
  for (const parameter of node['params'] as SyntaxNode[]) addPattern(parameter, names);
  addVars(node['body'] as SyntaxNode, names);
};

const bindOwnName: Binder = (node, names) => {
  if (node['id']) names.add(nameOf(node['id']));
};

const bindField =
  (field: string): Binder =>
  (node, names) => {
    if (node[field]) addLexical([node[field] as SyntaxNode], names);
  };

const bindBlock: Binder = (node, names) => addLexical(node['body'] as SyntaxNode[], names);

/** What nodes bind in a scope of their own. The body of a class declaration sees the class by its outer name. */
const binders: Readonly<Record<string, Binder>> = {
  FunctionExpression: bindFunction,
  FunctionDeclaration: bindFunction,
  ArrowFunctionExpression: bindFunction,
  ClassExpression: bindOwnName,
  CatchClause: (node, names) => {
    if (node['param']) addPattern(node['param'] as SyntaxNode, names);
  },
  StaticBlock: (node, names) => {
    addVars(node, names);
    bindBlock(node, names);
  },
  BlockStatement: bindBlock,
  SwitchStatement: (node, names) => {
    for (const one of node['cases'] as SyntaxNode[]) addLexical(one['consequent'] as SyntaxNode[], names);
  },
  ForStatement: bindField('init'),
  ForInStatement: bindField('left'),
  ForOfStatement: bindField('left'),
};

const nameOf = (identifier: unknown): string => (identifier as { name: string }).name;

/** What `let`, `const`, `class` and `function` declare directly in a block. */
function addLexical(statements: readonly SyntaxNode[], names: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === 'ClassDeclaration' || statement.type === 'FunctionDeclaration') {
      names.add(nameOf(statement['id']));
    } else if (statement.type === 'VariableDeclaration' && statement['kind'] !== 'var') {
      for (const one of statement['declarations'] as SyntaxNode[]) addPattern(one['id'] as SyntaxNode, names);
    }
  }
}

/** What `var` declares anywhere in a function. */
function addVars(node: SyntaxNode, names: Set<string>): void {
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') {
    for (const one of node['declarations'] as SyntaxNode[]) addPattern(one['id'] as SyntaxNode, names);
  }
  for (const [, child] of childrenOf(node)) {
    if (!/Function|^Class/.test(child.type)) addVars(child, names);
  }
}

function addPattern(pattern: SyntaxNode, names: Set<string>): void {
  switch (pattern.type) {
    case 'Identifier':
      names.add(nameOf(pattern));
      break;
    case 'AssignmentPattern':
      addPattern(pattern['left'] as SyntaxNode, names);
      break;
    case 'Property':
      addPattern(pattern['value'] as SyntaxNode, names);
      break;
    case 'ArrayPattern':
    case 'ObjectPattern':
    case 'RestElement':
      for (const [, child] of childrenOf(pattern)) addPattern(child, names);
      break;
    default:
  }
}
