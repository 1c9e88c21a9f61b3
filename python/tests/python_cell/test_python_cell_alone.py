"""The Python side of a cell runs where the rest of the package is not installed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ruvector

_ROOT = Path(ruvector.__file__).parent
# What lies beside it wherever it is installed.
_BESIDE = "_shared_memory"
_FILES = sorted(path for name in ("_python_cell", _BESIDE) for path in (_ROOT / name).glob("*.py"))


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_python_cell_imports_nothing_else_of_the_package(path: Path) -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.level > 1 or node.module == "ruvector")
        and node.module != _BESIDE
    ]
    assert imports == []
