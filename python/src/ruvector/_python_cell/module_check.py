"""Whose module `import ruvector` would find, told without importing it.

Another project on PyPI has the same import name, and a file or folder of the working directory may
have it too. Runs in any Python, whatever is installed there: as a program, for the daemon
(`python module_check.py <folder first on the path, or empty> <package>...`), and for notebooks.
"""

from __future__ import annotations

import ast
import importlib.metadata as metadata
import importlib.util
import json
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

OURS = "ruvector-memopt"
MODULE = "ruvector"

# Where installers write down which files a distribution brought, each in its own form.
_FILE_LISTS = ("RECORD", "installed-files.txt", "SOURCES.txt")

Finding = dict[str, object]


def examine_module() -> Finding:
    """Say whose module it is.

    Returns
    -------
    dict
        ``state``: "ours", "absent", "other" (another distribution), "shadowed" (a file or folder
        that no distribution brought) or "overwritten" (ours is installed, but its files are not
        ours any more). ``path``, ``version`` and ``other``, the distribution that also claims the
        module, None where there is none.

    """
    spec = _find_spec()
    path = None if spec is None else _path_of(spec)
    identity = {} if path is None else _read_identity(path)
    other = _other_distribution(path)
    finding: Finding = {"path": path, "version": identity.get("VERSION"), "other": other}
    if path is None:
        return {**finding, "state": "absent"}
    if identity.get("DISTRIBUTION") == OURS:
        return {**finding, "state": "ours"}
    if other is None:
        return {**finding, "state": "shadowed"}
    return {**finding, "state": "overwritten" if _is_installed_at(path) else "other"}


def describe_problem(finding: Finding) -> str | None:
    """One clause that says what is wrong and how to fix it; None when it is ours alone."""
    python = sys.executable or "python3"
    uninstall = f"run `{python} -m pip uninstall {MODULE}"
    path, other = finding["path"], finding["other"]
    both = f"{uninstall} {OURS}`, then install {OURS}"
    if finding["state"] == "absent" or (finding["state"] == "ours" and other is None):
        return None
    if finding["state"] == "ours":
        return f"has {OURS} and, in the same folder, files of {other} ({path}); {both}"
    if finding["state"] == "shadowed":
        return (
            f'finds "{path}" as {MODULE}, which is not {OURS}; rename it, or work in another folder'
        )
    if finding["state"] == "overwritten":
        return (
            f"has {OURS} and another project, {other}, in one folder, where they overwrite "
            f"each other's files ({path}); {both}"
        )
    return (
        f"has another project of the same import name, {other} ({path}); "
        f"{uninstall}`, then install {OURS}, or use a Python environment of its own"
    )


def _find_spec() -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(MODULE)
    except (ImportError, ValueError):
        return None


def _path_of(spec: ModuleSpec) -> str | None:
    if spec.origin and spec.origin not in ("built-in", "frozen", "namespace"):
        return spec.origin
    # A folder without __init__.py, such as one of data that is called so.
    return next(iter(spec.submodule_search_locations or []), None)


def _read_identity(path: str) -> dict[str, object]:
    """Read the assignments of _identity.py, if the package uses it."""
    if os.path.basename(path) != "__init__.py":
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            if "from ._identity import" not in file.read():
                return {}
        with open(os.path.join(os.path.dirname(path), "_identity.py"), encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _other_distribution(path: str | None) -> str | None:
    """Name and version of a distribution, not ours, that brought the module at `path`."""
    if path is None:
        return None
    folder = os.path.realpath(os.path.dirname(path))
    for distribution in metadata.distributions():
        if _brings(distribution, folder):
            name = _name_of(distribution)
            if name is not None and name != OURS:
                return f"{name} {distribution.version}"
    return None


def _is_installed_at(path: str) -> bool:
    folder = os.path.realpath(os.path.dirname(path))
    return any(
        _brings(each, folder) and _name_of(each) == OURS for each in metadata.distributions()
    )


def _name_of(distribution: metadata.Distribution) -> str | None:
    # Metadata that a broken installation left behind has no name.
    name = distribution.metadata["Name"]
    return None if name is None else name.lower().replace("_", "-").replace(".", "-")


def _brings(distribution: metadata.Distribution, folder: str) -> bool:
    """Whether it has files of its own in this very folder, be it a package's or site-packages."""
    # Most packages have none, and the lists of large ones take long to read line by line.
    lists = (distribution.read_text(name) for name in _FILE_LISTS)
    if not any(MODULE in (text or "") for text in lists):
        return False
    for file in distribution.files or []:
        is_module = file.parts[0].split(".")[0] == MODULE
        if is_module and os.path.realpath(os.path.dirname(str(file.locate()))) == folder:
            return True
    return False


class ImportNotice(MetaPathFinder):
    """Says once, when something imports the module and it is not ours; the import goes on."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing: who finds modules comes after."""
        if name != MODULE:
            return
        sys.meta_path.remove(self)
        finding = examine_module()
        problem = describe_problem(finding)
        if finding["state"] == "absent":
            problem = (
                f"has no {MODULE}: it is installed as {OURS}; on PyPI, {MODULE} is another project"
            )
        if problem is not None:
            print(f"{sys.executable} {problem}", file=sys.stderr)


def main(arguments: list[str]) -> None:
    """Print what was found, and which of the packages are missing, as JSON."""
    folder, *packages = arguments
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != here]
    if folder:
        sys.path.insert(0, folder)
    module = examine_module()
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    answer = {
        "isNewEnough": sys.version_info >= (3, 10),
        "missing": missing,
        "module": {**module, "problem": describe_problem(module)},
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
