// Which names of a cell's program mean a top-level name, and which one of a function or a block: what the
// compiler must know before it rewrites a name. Reads the tree of a parsed program; changes nothing.

/** A node of the tree (ESTree). */
export type Node = { type: string; start: number; end: number } & Record<string, unknown>;

/** A place where the program reads or writes a name that none of its functions and blocks declares. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly isWrite: boolean;
  /** In `{ name }` and `{ name = 1 } = …`, where the name is the key as well. */
  readonly isShorthand: boolean;
}

/** What the program refers to. */
export interface References {
  readonly names: readonly Reference[];
  /** `this` outside of functions and classes. */
  readonly topThis: readonly { readonly start: number; readonly end: number }[];
}

interface Scope {
  readonly names: ReadonlySet<string>;
  readonly outer: Scope | null;
}

interface Walk {
  readonly names: Reference[];
  readonly topThis: Node[];
}

/** Where a walk is. */
interface Place {
  /** Null at the top. */
  readonly scope: Scope | null;
  readonly isOwnThis: boolean;
}

/** Reads the references of a program. */
export function readReferences(program: object): References {
  const walk: Walk = { names: [], topThis: [] };
  walkAll(walk, (program as Node)['body'], { scope: null, isOwnThis: false });
  return walk;
}

type Visit = (walk: Walk, node: Node, place: Place) => void;

const visitors: Readonly<Record<string, Visit>> = {
  Identifier: (walk, node, place) => note(walk, node, place, false),
  ThisExpression: (walk, node, { isOwnThis }) => {
    if (!isOwnThis) walk.topThis.push(node);
  },
  MemberExpression: (walk, node, place) => {
    walkAll(walk, node['object'], place);
    if (node['computed'] === true) walkAll(walk, node['property'], place);
  },
  Property: walkProperty,
  MethodDefinition: walkMember,
  PropertyDefinition: walkMember,
  AccessorProperty: walkMember,
  StaticBlock: (walk, node, place) =>
    walkAll(walk, node['body'], {
      scope: enter(place.scope, [...lexicalNames(node['body']), ...varNames(node['body'])]),
      isOwnThis: true,
    }),
  LabeledStatement: (walk, node, place) => walkAll(walk, node['body'], place),
  BreakStatement: () => {},
  ContinueStatement: () => {},
  MetaProperty: () => {},
  ImportDeclaration: () => {},
  ExportAllDeclaration: () => {},
  ExportNamedDeclaration: (walk, node, place) => walkAll(walk, node['declaration'], place),
  VariableDeclarator: (walk, node, place) => {
    walkPattern(walk, node['id'], place, false);
    walkAll(walk, node['init'], place);
  },
  AssignmentExpression: (walk, node, place) => {
    walkPattern(walk, node['left'], place, true);
    walkAll(walk, node['right'], place);
  },
  UpdateExpression: (walk, node, place) => walkPattern(walk, node['argument'], place, true),
  FunctionDeclaration: walkFunction,
  FunctionExpression: walkFunction,
  ArrowFunctionExpression: walkFunction,
  ClassDeclaration: walkClass,
  ClassExpression: walkClass,
  BlockStatement: (walk, node, place) => walkBlock(walk, node, place, node['body']),
  SwitchStatement: (walk, node, place) =>
    walkBlock(
      walk,
      node,
      place,
      (node['cases'] as Node[]).flatMap((one) => one['consequent']),
    ),
  ForStatement: (walk, node, place) => walkBlock(walk, node, place, [node['init']]),
  ForInStatement: walkLoop,
  ForOfStatement: walkLoop,
  CatchClause: (walk, node, place) => {
    const inner = { ...place, scope: enter(place.scope, boundNames(node['param'])) };
    walkPattern(walk, node['param'], inner, false);
    walkAll(walk, node['body'], inner);
  },
};

function walkAll(walk: Walk, value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    for (const one of value) walkAll(walk, one, place);
    return;
  }
  if (!isNode(value)) return;
  const visit = visitors[value.type];
  if (visit) visit(walk, value, place);
  else walkChildren(walk, value, place);
}

function walkChildren(walk: Walk, node: Node, place: Place): void {
  for (const child of Object.values(node)) {
    if (typeof child === 'object' && child !== null) walkAll(walk, child, place);
  }
}

function note(walk: Walk, node: Node, { scope }: Place, isWrite: boolean, isShorthand = false): void {
  const { name, start, end } = node as Node & { name: string };
  for (let at = scope; at !== null; at = at.outer) if (at.names.has(name)) return;
  walk.names.push({ name, start, end, isWrite, isShorthand });
}

function walkProperty(walk: Walk, node: Node, place: Place): void {
  if (node['computed'] === true) walkAll(walk, node['key'], place);
  const value = node['value'] as Node;
  if (node['shorthand'] === true && value.type === 'Identifier') note(walk, value, place, false, true);
  else walkAll(walk, value, place);
}

function walkMember(walk: Walk, node: Node, place: Place): void {
  if (node['computed'] === true) walkAll(walk, node['key'], place);
  walkAll(walk, node['value'], { ...place, isOwnThis: true });
}

/** @param isWrite whether its names are assigned to; else they are declared here */
function walkPattern(walk: Walk, value: unknown, place: Place, isWrite: boolean, isShorthand = false): void {
  if (!isNode(value)) return;
  switch (value.type) {
    case 'Identifier':
      if (isWrite) note(walk, value, place, true, isShorthand);
      break;
    case 'ObjectPattern':
      for (const one of value['properties'] as Node[]) {
        if (one.type === 'Property' && one['computed'] === true) walkAll(walk, one['key'], place);
        walkPattern(
          walk,
          one.type === 'Property' ? one['value'] : one['argument'],
          place,
          isWrite,
          one['shorthand'] === true,
        );
      }
      break;
    case 'ArrayPattern':
      for (const one of value['elements'] as unknown[]) walkPattern(walk, one, place, isWrite);
      break;
    case 'AssignmentPattern':
      walkPattern(walk, value['left'], place, isWrite, isShorthand);
      walkAll(walk, value['right'], place);
      break;
    case 'RestElement':
      walkPattern(walk, value['argument'], place, isWrite);
      break;
    case 'ParenthesizedExpression':
      walkPattern(walk, value['expression'], place, isWrite);
      break;
    default:
      walkAll(walk, value, place);
  }
}

function walkFunction(walk: Walk, node: Node, place: Place): void {
  const isArrow = node.type === 'ArrowFunctionExpression';
  const own = node.type === 'FunctionExpression' ? boundNames(node['id']) : [];
  const params = node['params'] as Node[];
  const body = node['body'] as Node;
  const scope = enter(place.scope, [
    ...own,
    ...(isArrow ? [] : ['arguments']),
    ...params.flatMap(boundNames),
    ...varNames(body),
  ]);
  const inner = { scope, isOwnThis: place.isOwnThis || !isArrow };
  for (const param of params) walkPattern(walk, param, inner, false);
  walkAll(walk, body, inner);
}

function walkClass(walk: Walk, node: Node, place: Place): void {
  const inner = { ...place, scope: enter(place.scope, boundNames(node['id'])) };
  walkAll(walk, node['superClass'], inner);
  walkAll(walk, node['body'], inner);
}

function walkBlock(walk: Walk, node: Node, place: Place, statements: unknown): void {
  walkChildren(walk, node, { ...place, scope: enter(place.scope, lexicalNames(statements)) });
}

function walkLoop(walk: Walk, node: Node, place: Place): void {
  const left = node['left'] as Node;
  const inner = { ...place, scope: enter(place.scope, lexicalNames([left])) };
  if (left.type === 'VariableDeclaration') walkAll(walk, left, inner);
  else walkPattern(walk, left, inner, true);
  walkAll(walk, node['right'], inner);
  walkAll(walk, node['body'], inner);
}

const enter = (outer: Scope | null, names: readonly string[]): Scope | null =>
  names.length === 0 ? outer : { names: new Set(names), outer };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Names that statements declare in their own block. */
function lexicalNames(statements: unknown): string[] {
  return (statements as unknown[]).filter(isNode).flatMap((one) => {
    if (one.type === 'VariableDeclaration' && one['kind'] !== 'var') return declaredNames(one);
    return /^(?:Function|Class)Declaration$/.test(one.type) ? boundNames(one['id']) : [];
  });
}

/** Names that a declaration of variables binds. */
export const declaredNames = (declaration: object): string[] =>
  ((declaration as Node)['declarations'] as Node[]).flatMap(({ id }) => boundNames(id));

/** Names of `var` in a function's body, in blocks too. */
function varNames(body: unknown): string[] {
  return findVars(body).flatMap(({ node }) => declaredNames(node));
}

/** A `var` and what it is part of. */
export interface VarPlace {
  readonly node: Node;
  readonly parent: Node | null;
}

/** Finds `var` below a node or in statements, outside of functions and classes of their own. */
export function findVars(value: unknown, parent: Node | null = null, found: VarPlace[] = []): VarPlace[] {
  if (Array.isArray(value)) {
    for (const one of value) findVars(one, parent, found);
  } else if (isNode(value) && !isApart(value)) {
    if (value.type === 'VariableDeclaration' && value['kind'] === 'var') found.push({ node: value, parent });
    for (const child of Object.values(value)) {
      if (typeof child === 'object' && child !== null) findVars(child, value, found);
    }
  }
  return found;
}

/** Expressions declare no `var`, and a function's are its own. */
const isApart = ({ type }: Node): boolean => /Function|Expression|^Class|Literal$/.test(type);

/** Names that a pattern binds. */
export function boundNames(value: unknown): string[] {
  if (!isNode(value)) return [];
  switch (value.type) {
    case 'Identifier':
      return [value['name'] as string];
    case 'AssignmentPattern':
      return boundNames(value['left']);
    case 'RestElement':
      return boundNames(value['argument']);
    case 'ArrayPattern':
      return (value['elements'] as unknown[]).flatMap(boundNames);
    case 'ObjectPattern':
      return (value['properties'] as Node[]).flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property['argument'] : property['value']),
      );
    default:
      return [];
  }
}
