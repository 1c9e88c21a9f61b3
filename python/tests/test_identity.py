"""Whose `ruvector` a Python would import, and which daemon ours fits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import ruvector
from repository import ROOT
from ruvector._exceptions import ProtocolError
from ruvector._versions import check_daemon_version

CHECK = ROOT / "python/src/ruvector/_python_cell/module_check.py"
OURS = ROOT / "python/src/ruvector"


def add_distribution(folder: Path, name: str, files: Mapping[str, str]) -> None:
    metadata = f"{name.replace('-', '_')}-0.1.4.dist-info"
    recorded = [*files, f"{metadata}/METADATA"]
    written = {
        **files,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.4\n",
        f"{metadata}/RECORD": "".join(f"{each},,\n" for each in recorded),
    }
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def our_files() -> dict[str, str]:
    names = ["__init__.py", "_identity.py"]
    return {f"ruvector/{name}": (OURS / name).read_text() for name in names}


def check(folder: Path, first: str = "") -> Any:
    command = [sys.executable, str(CHECK), first, "ruvector", "no_such_package"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    output = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return json.loads(output.stdout)


def test_ruvector_has_the_version_of_the_distribution_and_of_the_daemon() -> None:
    text = (ROOT / "python/pyproject.toml").read_text()
    project = dict(re.findall(r'^(name|version) = "(.+)"$', text, flags=re.MULTILINE))
    package = json.loads((ROOT / "package.json").read_text())
    assert ruvector.__distribution__ == project["name"] == package["name"] == "ruvector-memopt"
    assert ruvector.__version__ == project["version"] == package["version"]


def test_check_knows_ours_and_names_what_is_missing(tmp_path: Path) -> None:
    answer = check(tmp_path)
    assert answer["missing"] == ["no_such_package"]
    assert answer["module"]["state"] == "ours"
    assert answer["module"]["version"] == ruvector.__version__
    assert answer["module"]["problem"] is None


def test_check_names_another_project_and_says_what_to_do(tmp_path: Path) -> None:
    add_distribution(tmp_path, "ruvector", {"ruvector/__init__.py": "", "ruvector/cli.py": ""})
    module = check(tmp_path)["module"]
    assert (module["state"], module["other"]) == ("other", "ruvector 0.1.4")
    assert "python -m pip uninstall ruvector`, then install" in module["problem"]


@pytest.mark.parametrize("ours_last", [True, False])
def test_check_sees_two_distributions_in_one_folder(tmp_path: Path, ours_last: bool) -> None:
    other = {"ruvector/__init__.py": "import rust\n", "ruvector/cli.py": ""}
    both = [("ruvector", other), ("ruvector-memopt", our_files())]
    for name, files in both if ours_last else reversed(both):
        add_distribution(tmp_path, name, files)
    module = check(tmp_path)["module"]
    assert module["state"] == ("ours" if ours_last else "overwritten")
    assert "pip uninstall ruvector ruvector-memopt`, then install" in module["problem"]


@pytest.mark.parametrize("path", ["ruvector.py", "ruvector/__init__.py"])
def test_check_sees_a_file_of_the_working_directory(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("")
    empty = tmp_path / "empty"
    empty.mkdir()
    module = check(empty, first=str(tmp_path))["module"]
    assert module["state"] == "shadowed"
    assert "rename it" in module["problem"]


def test_check_is_not_fooled_by_a_copy_of_the_marker(tmp_path: Path) -> None:
    add_distribution(tmp_path, "ruvector", {**our_files(), "ruvector/__init__.py": "x = 1\n"})
    assert check(tmp_path)["module"]["state"] == "other"


@pytest.mark.parametrize("version", [ruvector.__version__, "0.1.99", None])
def test_check_daemon_version_takes_what_fits(version: str | None) -> None:
    check_daemon_version(version)


@pytest.mark.parametrize("version", ["0.2.0", "1.0.0"])
def test_check_daemon_version_refuses_what_does_not_fit(version: str) -> None:
    with pytest.raises(ProtocolError, match=r"ruvector-memopt .* install the module") as raised:
        check_daemon_version(version)
    assert raised.value.code == "ERR_WIRE_VERSION"
