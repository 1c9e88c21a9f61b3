"""The Python side of a cell runs where the rest of the package is not installed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ruvector

_FOLDER = Path(ruvector.__file__).parent / "_python_cell"


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_python_cell_imports_nothing_else_of_the_package(path: Path) -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.level > 1 or node.module == "ruvector")
    ]
    assert imports == []
