"""What the report of scripts/house.mjs needs of Python files, by the ast and tokenize modules.

Standard input: JSON, a list of {"path", "text"}.
Standard output: JSON, one object a file, in order.
"""

from __future__ import annotations

import ast
import io
import json
import sys
import tokenize
from collections.abc import Iterator
from typing import Any

# Tokens that are neither code nor comment.
_LAYOUT = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.Module, ast.ClassDef, *_FUNCTIONS)


def main() -> None:
    """Answer standard input on standard output."""
    files = json.load(sys.stdin)
    json.dump([read_facts(file["path"], file["text"]) for file in files], sys.stdout)


def read_facts(path: str, text: str) -> dict[str, Any]:
    """Return lines, functions, imports and the lines that can repeat, of one file."""
    tree = ast.parse(text, path)
    lines = text.splitlines()
    docstrings = {line for node in _docstrings(tree) for line in _lines_of(node)}
    code, comments = _classify(text, docstrings)
    listed = {
        line for node in ast.walk(tree) if _is_import(node) for line in _lines_of(node)
    }
    plain = _without_comments(text, lines)
    repeatable = sorted(code - listed)
    return {
        "lines": sum(1 for line in lines if line.strip()),
        "codeLines": len(code),
        "commentLines": len(comments),
        "functions": [
            _describe(node, lines)
            for node in ast.walk(tree)
            if isinstance(node, _FUNCTIONS)
        ],
        "imports": list(_imports(tree, "module")),
        "exports": [
            name for node in tree.body for name in _names(node) if name[0] != "_"
        ],
        "plain": [[line, plain[line - 1]] for line in repeatable if plain[line - 1]],
    }


def _lines_of(node: ast.AST) -> range:
    return range(node.lineno, node.end_lineno + 1)  # type: ignore[attr-defined]


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _names(node: ast.stmt) -> list[str]:
    """Return what a statement of a module declares."""
    if isinstance(node, (ast.ClassDef, *_FUNCTIONS)):
        return [node.name]
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [getattr(node, "target", None)]
    )
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if (
            isinstance(node, _DOCUMENTED)
            and ast.get_docstring(node, clean=False) is not None
        ):
            yield node.body[0]


def _classify(text: str, docstrings: set[int]) -> tuple[set[int], set[int]]:
    """Lines of code and lines of comment; a line with both is in both."""
    code: set[int] = set()
    comments = {line for line in docstrings if text.splitlines()[line - 1].strip()}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in _LAYOUT and token.start[0] not in docstrings:
            code.update(range(token.start[0], token.end[0] + 1))
    return code, comments


def _without_comments(text: str, lines: list[str]) -> list[str]:
    bare = list(lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            bare[row - 1] = bare[row - 1][:column]
    return [" ".join(line.split()) for line in bare]


def _describe(
    node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]
) -> dict[str, Any]:
    length = sum(1 for line in _lines_of(node) if lines[line - 1].strip())
    return {"name": node.name, "line": node.lineno, "lines": length}


def _imports(node: ast.AST, kind: str) -> Iterator[dict[str, Any]]:
    """Yield imports as written: "module", "deferred" (in a function), "types" (TYPE_CHECKING)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield {"module": alias.name, "names": [], "level": 0, "kind": kind}
        elif isinstance(child, ast.ImportFrom):
            names = [alias.name for alias in child.names]
            yield {
                "module": child.module or "",
                "names": names,
                "level": child.level,
                "kind": kind,
            }
        elif isinstance(child, (*_FUNCTIONS, ast.Lambda)):
            yield from _imports(child, "deferred" if kind == "module" else kind)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for inner in child.body:
                yield from _imports(ast.Module([inner], []), "types")
            for other in child.orelse:
                yield from _imports(ast.Module([other], []), kind)
        else:
            yield from _imports(child, kind)


if __name__ == "__main__":
    main()
