"""Which package may import which; packages are reached by their doors, and nothing goes in circles.

Reads the sources, not what is loaded: an import inside a function counts, wherever it hides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import ruvector

ROOT = Path(ruvector.__file__).parent

# Rooms are packages and single files directly below `ruvector`; `__init__` is its own door.
MAY_IMPORT: dict[str, set[str]] = {
    "_buffer": set(),
    "_exceptions": set(),
    "_identity": set(),
    "_papermill": set(),
    "_parameters": {"_exceptions"},
    "_python_cell": {"_shared_memory"},
    "_report": set(),
    "_shared_memory": set(),
    "_system_advice": set(),
    "_untyped": set(),
    "telemetry": set(),
    "_times": {"_exceptions"},
    "_versions": {"_exceptions", "_identity"},
    "_fork": {"_exceptions"},
    "_frames": {"_exceptions"},
    "_progress_bar": set(),
    "_zmq_socket": {"_buffer", "_exceptions", "_fork"},
    "_bridge": {
        "_buffer",
        "_exceptions",
        "_fork",
        "_frames",
        "_shared_memory",
        "_versions",
        "_zmq_socket",
    },
    "_stream": {"_buffer", "_exceptions", "_fork", "_parameters", "_zmq_socket", "telemetry"},
    "_client": {
        "_bridge",
        "_buffer",
        "_exceptions",
        "_fork",
        "_frames",
        "_parameters",
        "_progress_bar",
        "_report",
        "_times",
    },
    "_export": {"_client", "_exceptions", "_parameters", "_times"},
    "_training": {"_client", "_exceptions", "_parameters", "_report", "_untyped"},
    "_engines": {
        "_client",
        "_exceptions",
        "_parameters",
        "_progress_bar",
        "_search",
        "_training",
        "_untyped",
    },
    "_search": {"_exceptions", "_report", "_training", "_untyped"},
    "trainer": {"_client", "_exceptions", "_search", "_training", "_untyped"},
    "trainers": {"_exceptions", "_training", "_untyped"},
    "_model_loader": {"_exceptions", "_training", "_untyped"},
    "measure": {"_client", "_export"},
    "events": {"_exceptions", "_parameters"},
    "__init__": {
        "_bridge",
        "_client",
        "_engines",
        "_exceptions",
        "_export",
        "_identity",
        "_report",
        "_search",
        "_stream",
        "_training",
        "events",
        "trainers",
    },
}

# protoc writes the modules of telemetry, and they have no door.
WITHOUT_DOOR = {"telemetry"}


class Import(NamedTuple):
    module: str
    target: str


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def resolve(target: str) -> str:
    """Module that a dotted name below `ruvector` means: itself, or the one that holds the name."""
    while target not in MODULES and "." in target:
        target = target.rpartition(".")[0]
    return target if target in MODULES else "__init__"


def imports_of(module: str, path: Path) -> Iterator[Import]:
    parts = module.split(".") if module != "__init__" else []
    package = parts if path.name == "__init__.py" else parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for name in (alias.name.split(".") for alias in node.names):
                if name[0] == "ruvector":
                    yield Import(module, resolve(".".join(name[1:])))
        elif isinstance(node, ast.ImportFrom):
            named = node.module.split(".") if node.module else []
            if node.level > 0:
                base = package[: len(package) - node.level + 1] + named
            elif named[0] == "ruvector":
                base = named[1:]
            else:
                continue
            for alias in node.names:
                yield Import(module, resolve(".".join([*base, alias.name])))


IMPORTS = [each for module, path in MODULES.items() for each in imports_of(module, path)]


def room_of(module: str) -> str:
    return module.partition(".")[0]


def is_crossing(each: Import) -> bool:
    return room_of(each.module) != room_of(each.target)


def circles() -> Iterator[list[str]]:
    graph = {
        module: {each.target for each in IMPORTS if each.module == module} for module in MODULES
    }
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> Iterator[list[str]]:
        if module in trail:
            yield [*trail[trail.index(module) :], module]
        elif module not in done:
            for target in sorted(graph[module]):
                yield from visit(target, [*trail, module])
            done.add(module)

    for module in graph:
        yield from visit(module, [])


def test_ruvector_has_every_module_and_import_looked_at() -> None:
    files = [path for path in ROOT.rglob("*") if path.suffix == ".py"]
    lines = [line.lstrip() for path in files for line in path.read_text("utf-8").splitlines()]
    statements = sum(line.startswith("from .") for line in lines)
    assert len(MODULES) == len(files)
    assert {room_of(module) for module in MODULES} == set(MAY_IMPORT)
    # One statement may import several names, so there are at least as many imports as statements.
    assert len(IMPORTS) >= statements > len(files)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_ruvector_imports_only_what_the_table_allows(room: str) -> None:
    found = {
        room_of(each.target)
        for each in IMPORTS
        if is_crossing(each) and room_of(each.module) == room
    }
    assert found - MAY_IMPORT[room] == set(), f"{room} may not import these"
    assert MAY_IMPORT[room] - found == set(), f"{room} does not need these permissions"


def test_ruvector_enters_packages_by_their_doors_only() -> None:
    around = [
        f"{each.module} -> {each.target}"
        for each in IMPORTS
        if is_crossing(each) and "." in each.target and room_of(each.target) not in WITHOUT_DOOR
    ]
    assert around == []


def test_ruvector_imports_in_no_circle() -> None:
    assert [" -> ".join(circle) for circle in circles()] == []


@pytest.mark.parametrize(
    "room",
    sorted(
        path.parent.name
        for path in ROOT.glob("_*/__init__.py")
        if not (path.parent / "__main__.py").exists()
    ),
)
def test_ruvector_has_doors_with_a_sorted_list_of_names_that_say_what_they_are(room: str) -> None:
    tree = ast.parse((ROOT / room / "__init__.py").read_text("utf-8"))
    names = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    imported = {a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert names == sorted(names)
    assert set(names) == imported - {"annotations"}
    assert ast.get_docstring(tree)
