import json
import os
from pathlib import Path

import pytest

from repository import ROOT
from ruvector._bridge.home import resolve_home
from ruvector._exceptions import HomeError

CASES = json.loads((ROOT / "test" / "golden" / "home.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_resolve_home_follows_the_table_that_typescript_follows(case):
    def resolve():
        return resolve_home(case.get("directory"), case["env"], lambda: case.get("passwd"))

    if "error" in case:
        with pytest.raises(HomeError, match=case["error"]) as raised:
            resolve()
        assert raised.value.code == "ERR_APP_HOME"
    else:
        assert str(resolve()) == case["root"]


def test_resolve_home_takes_a_relative_path_only_as_the_argument():
    assert resolve_home("data", {}) == Path.cwd() / "data"


def test_resolve_home_refuses_bytes_that_are_no_utf8():
    with pytest.raises(HomeError, match="not UTF-8"):
        resolve_home(os.fsdecode(b"/a\xff"), {})


def test_resolve_home_refuses_a_zero_byte():
    with pytest.raises(HomeError, match="zero byte"):
        resolve_home("/a\0b", {})
