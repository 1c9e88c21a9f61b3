// What the report needs of a TypeScript or JavaScript file, by TypeScript's own parser: functions, imports, exports and
// each line's share of code and comment.
import ts from 'typescript';

/** @returns lines, code and comment lines, functions, imports as written, exported declarations, and the lines that can repeat */
export function readTypeScript({ path, text }) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = { functions: [], imports: [], listRanges: [], codeRanges: [] };
  visit(source, source, found);
  return {
    lines: text.split('\n').filter((line) => line.trim() !== '').length,
    ...classifyLines(text, found.codeRanges),
    functions: found.functions.map((node) => describeFunction(node, source)),
    imports: found.imports,
    exports: source.statements.filter(isExported).flatMap(namesOf),
    plain: plainLines(text, found.codeRanges, found.listRanges),
  };
}

function visit(node, source, found) {
  if (isNamedFunction(node)) found.functions.push(node);
  noteImport(node, source, found);
  const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child));
  if (children.length > 0) for (const child of children) visit(child, source, found);
  else if (node.end > node.getStart(source)) found.codeRanges.push([node.getStart(source), node.end]);
}

const isExported = (node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** What a statement declares; names that are only passed on are declared elsewhere. */
function namesOf(node) {
  if (!ts.isVariableStatement(node)) return node.name ? [node.name.text] : [];
  return node.declarationList.declarations.flatMap(({ name }) =>
    ts.isIdentifier(name) ? [name.text] : name.elements.map((element) => element.name.getText()),
  );
}

/** Functions that have a name or are the value of one; callbacks are lines of the function they stand in. */
function isNamedFunction(node) {
  if (!ts.isFunctionLike(node) || node.body === undefined) return false;
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return true;
  const { parent } = node;
  return (
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent)
  );
}

function describeFunction(node, source) {
  const start = node.getStart(source);
  const name = node.name ?? node.parent.name;
  const text = source.text.slice(start, node.end);
  return {
    name: ts.isConstructorDeclaration(node) ? 'constructor' : (name?.getText(source) ?? 'default'),
    line: source.getLineAndCharacterOfPosition(start).line + 1,
    lines: text.split('\n').filter((line) => line.trim() !== '').length,
  };
}

function noteImport(node, source, found) {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    found.imports.push({ to: node.moduleSpecifier.text, kind: 'module' });
    found.listRanges.push([node.getStart(source), node.end]);
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    found.imports.push({ to: node.argument.literal.text, kind: 'module' });
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [to] = node.arguments;
    if (to && ts.isStringLiteralLike(to)) found.imports.push({ to: to.text, kind: 'deferred' });
  }
}

/** A line with code and a comment counts as both: a byte map beside the reads is a comment. */
function classifyLines(text, codeRanges) {
  const code = new Set();
  const comments = new Set();
  const isCode = new Uint8Array(text.length);
  for (const [from, to] of codeRanges) isCode.fill(1, from, to);
  let line = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\n') line++;
    else if (isCode[at] === 1) code.add(line);
    else if (text[at].trim() !== '') comments.add(line);
  }
  return { codeLines: code.size, commentLines: comments.size };
}

/** [line number, text] of each line of code without comments, import lists and differences of white space. */
function plainLines(text, codeRanges, listRanges) {
  const kept = new Uint8Array(text.length);
  for (const [from, to] of codeRanges) kept.fill(1, from, to);
  for (const [from, to] of listRanges) kept.fill(0, from, to);
  let at = 0;
  return text.split('\n').flatMap((line, index) => {
    const start = at;
    at += line.length + 1;
    const code = [...line.matchAll(/./gsu)].map(({ 0: char, index: i }) =>
      kept[start + i] === 1 ? char : ' ',
    );
    const plain = code.join('').replaceAll(/\s+/g, ' ').trim();
    return plain === '' ? [] : [[index + 1, plain]];
  });
}
