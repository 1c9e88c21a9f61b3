"""The Python side of notebook cells: values as files, cells, bundles, errors."""

from __future__ import annotations

import importlib
import math
import os
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

import numpy
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ruvector._python_cell.figures import show_by
from ruvector._python_cell.run import describe_error, mime_bundle, run_cell
from ruvector._python_cell.transfer import Transfer
from ruvector._python_cell.values import CrossingError, decode_value, encode_value
from ruvector._shared_memory import SegmentPool, take_segment

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def cross(name: str, value: object, folder: Path) -> object:
    transfer = Transfer(str(folder))
    return decode_value(encode_value(name, value, transfer), transfer)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


@given(value=PLAIN)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_plain_values_come_back_as_they_were(value: object, tmp_path: Path) -> None:
    assert same(cross("value", value, tmp_path), value)


def test_times_keep_their_moment(tmp_path: Path) -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone.utc)
    assert cross("value", moment, tmp_path) == moment


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i8", "u2", "?", "M8[ns]", ">i4"])
def test_transfer_keeps_type_and_shape_of_arrays_and_leaves_no_file(
    dtype: str, tmp_path: Path
) -> None:
    array = numpy.arange(6).astype(dtype).reshape(2, 3).T
    described = encode_value("array", array, Transfer(str(tmp_path)))
    assert described["shape"] == [3, 2]
    back = decode_value(described, Transfer(str(tmp_path)))
    assert isinstance(back, numpy.ndarray)
    assert numpy.array_equal(back, array)
    assert os.listdir(tmp_path) == []
    back[0, 0] = back[1, 1]  # it is this process's own


def test_transfer_keeps_the_kind_of_tables_and_batches(tmp_path: Path) -> None:
    table = pyarrow.table({"x": [1, 2], "s": ["a", None]})
    assert cross("table", table, tmp_path) == table
    batch = table.to_batches()[0]
    back = cross("batch", batch, tmp_path)
    assert isinstance(back, pyarrow.RecordBatch)
    assert back == batch


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, numpy.zeros(2, "c16")])
def test_encode_value_refuses_what_has_no_counterpart_by_name(
    value: object, tmp_path: Path
) -> None:
    with pytest.raises(CrossingError, match='Cannot pass "item" to TypeScript'):
        encode_value("item", value, Transfer(str(tmp_path)))
    assert os.listdir(tmp_path) == []


def test_run_cell_gives_the_last_expression() -> None:
    names: dict[str, object] = {}
    assert run_cell("x = 2\nx + 1", "cell.py", names) == 3
    assert run_cell("x + 1;", "cell.py", names) is None
    assert run_cell("x", "cell.py", names) == 2


def test_mime_bundle_leaves_out_what_fails() -> None:
    class Shown:
        def __repr__(self) -> str:
            return "shown"

        def _repr_html_(self) -> str:
            return "<i>"

        def _repr_png_(self) -> bytes:
            raise ValueError

    assert mime_bundle(Shown())[0] == {"text/plain": "shown", "text/html": "<i>"}
    assert set(mime_bundle(threading)[0]) == {"text/plain"}


def test_describe_error_counts_lines_of_the_cell() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_cell("\n1 / 0", "cell.py", {})
    described = describe_error(caught.value, __file__)
    assert described["ename"] == "ZeroDivisionError"
    assert '  File "cell.py", line 2, in <module>' in described["traceback"]


def test_segment_pool_fills_a_segment_again_once_its_last_view_is_gone(tmp_path: Path) -> None:
    pool = SegmentPool(str(tmp_path))
    path, room = pool.take_free(2_000_000)
    room[:4] = b"abcd"
    view = take_segment(path, 2_000_000)
    view[0:1] = b"x"
    assert room[:4] == b"abcd"  # the receiver's pages are its own
    other, _ = pool.take_free(2_000_000)
    assert other != path
    del view
    again, _ = pool.take_free(1_500_000)
    assert again == path


def test_show_by_changes_pyplot_when_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "matplotlib"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "pyplot.py").write_text(
        "class F:\n    def savefig(self, file, **options): file.write(b'png')\n"
        "opened = [1]\nget_fignums = lambda: opened\nfigure = lambda number: F()\n"
        "close = lambda which: opened.clear()\nshow = None\n"
    )
    for name in [one for one in sys.modules if one.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    shown: list[dict[str, object]] = []
    show_by(lambda data, _metadata: shown.append(data), lambda _value: None)
    pyplot = importlib.import_module("matplotlib.pyplot")
    pyplot.show()
    assert [one["image/png"] for one in shown] == ["cG5n"]
    pyplot.show()
    assert len(shown) == 1
    for name in ("matplotlib", "matplotlib.pyplot"):
        del sys.modules[name]
