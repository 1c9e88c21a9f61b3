"""Values that cross to TypeScript and back, and how Python compares them. Run inside a notebook's Python."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from polars.testing import assert_frame_equal

NUMBERS = [
    "f2",
    "f4",
    "f8",
    "i1",
    "i2",
    "i4",
    "i8",
    "u1",
    "u2",
    "u4",
    "u8",
    "?",
    "M8[ns]",
    "M8[s]",
    "M8[D]",
    "m8[us]",
    ">i4",
    ">f8",
]
UTC = dt.timezone.utc
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 6)
NANOS = "2026-01-02 03:04:05.123456789"


def array(values, kind):
    return pa.table({"x": pa.array(values, kind)})


ARRAYS = [
    *(np.arange(6).astype(number) for number in NUMBERS),
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.arange(20)[::3],
    np.array(3.5),
    np.zeros(0),
    np.zeros((0, 3), "f4"),
    np.array([np.nan, np.inf, -np.inf, -0.0]),
    np.array(["NaT", "2020-01-01"], "M8[ns]"),
    np.arange(600_000.0).reshape(300, 2000),
]

PANDAS = [
    pd.DataFrame({"t": pd.to_datetime([NANOS, None]).tz_localize("Europe/Berlin")}),
    pd.DataFrame({"t": pd.to_datetime([NANOS, None])}),
    pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"])}),
    pd.DataFrame({"c": pd.Categorical(["a", "b", "a"], ordered=True)}),
    pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64")}),
    pd.DataFrame({"s": ["x", None, "ü€😀"]}),
    pd.DataFrame({"a": []}),
    pd.DataFrame(),
    pd.DataFrame(index=[1, 2, 3]),
    pd.DataFrame({"l": [[1, 2], None, []]}),
    pd.DataFrame({"d": [{"a": 1}, {"a": 2}]}),
    pd.DataFrame({"x": [1, 2]}, index=["p", "q"]),
    pd.DataFrame({"x": [1.5]}, index=pd.MultiIndex.from_tuples([(1, "a")], names=["i", "j"])),
    pd.DataFrame({1: [1, 2]}),
    pd.DataFrame({"td": pd.to_timedelta([1, 2], "s")}),
    pd.DataFrame({"p": pd.period_range("2020", periods=2, freq="M")}),
    pd.DataFrame({"b": [True, None]}, dtype="boolean"),
    pd.DataFrame({"big": np.arange(300_000.0)}),
]

POLARS = [
    pl.DataFrame({"a": [1, 2, None], "s": ["x", None, "ü"], "b": [True, None, False]}),
    pl.DataFrame({"c": ["a", "b", "a"]}, schema={"c": pl.Categorical}),
    pl.DataFrame({"e": ["a", "b"]}, schema={"e": pl.Enum(["a", "b", "c"])}),
    pl.DataFrame({"l": [[1, 2], None, []]}),
    pl.DataFrame({"l": [["a"], ["b", "c"]]}),
    pl.DataFrame({"ll": [[[1], [2, 3]], []]}),
    pl.DataFrame({"st": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]}),
    pl.DataFrame({"t": [MOMENT]}).with_columns(pl.col("t").dt.replace_time_zone("Asia/Tokyo")),
    pl.DataFrame(
        {"t": [MOMENT], "d": [MOMENT.date()], "tm": [MOMENT.time()], "du": [dt.timedelta(1)]}
    ),
    pl.DataFrame({"dec": [decimal.Decimal("1.23")]}),
    pl.DataFrame({"n": [None, None]}),
    pl.DataFrame({"bin": [b"ab", None]}),
    pl.DataFrame({"u": [2**64 - 1]}, schema={"u": pl.UInt64}),
    pl.DataFrame({"x": [1, 2]}, schema={"x": pl.Int8}),
    pl.DataFrame(),
    pl.DataFrame({"a": []}, schema={"a": pl.Int32}),
    pl.DataFrame({"arr": [[1, 2], [3, 4]]}, schema={"arr": pl.Array(pl.Int32, 2)}),
    pl.DataFrame({"big": np.arange(300_000.0)}),
]

TABLES = [
    pa.table({"d": pa.array(["a", "b", "a"]).dictionary_encode()}),
    array([[1, 2], None, []], pa.list_(pa.int64())),
    array([[1], [2, 3]], pa.large_list(pa.int64())),
    array([{"a": 1, "b": None}, None], pa.struct({"a": pa.int64(), "b": pa.string()})),
    array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
    array([decimal.Decimal("1.23"), None], pa.decimal128(10, 2)),
    array([decimal.Decimal("1.23")], pa.decimal256(50, 2)),
    array([1, None], pa.timestamp("us", "America/New_York")),
    array([1], pa.date32()),
    array([86_400_000], pa.date64()),
    array([1], pa.time32("ms")),
    array([1], pa.time64("ns")),
    array([1], pa.duration("ms")),
    array([b"ab", None], pa.binary(2)),
    array([[1, 2]], pa.list_(pa.int8(), 2)),
    array([None, None], pa.null()),
    array(["a", "long enough to be out of line"], pa.string_view()),
    array([b"a"], pa.binary_view()),
    array([np.float16(1.5)], pa.float16()),
    array(["x", None], pa.large_string()),
    array([True, None, False], pa.bool_()),
    array([2**64 - 1], pa.uint64()),
    array([], pa.int32()),
    array([(1, 2, 3)], pa.month_day_nano_interval()),
    pa.table({"r": pa.RunEndEncodedArray.from_arrays([2, 3], [1, 2])}),
    array([[1], None], pa.list_view(pa.int32())),
    pa.table({"s": pa.chunked_array([[1, 2], [3]])}),
    pa.table({}),
    pa.table({"x": [1]}).replace_schema_metadata({"k": "v"}),
    pa.table({"x": [1, 2, 3]}).slice(1),
    pa.table({"x": [1], "y": [2]}).rename_columns(["a", "a"]),
    pa.record_batch({"x": [1, None]}),
    pa.table({"big": np.arange(300_000.0)}),
]

PLAIN = [
    10**30, -(2**53), 2**53, 0, 1e300, 1e21, 2.0**60, True, None, "", "\ud800x", "ü😀", b"\x00", b"",
    bytes(2_000_000), [1, [2, None], {"a": [1]}], MOMENT.replace(microsecond=0, tzinfo=UTC), {"$rv": 1, "": {}},
]  # fmt: skip

VALUES = [*ARRAYS, *PANDAS, *POLARS, *TABLES, *PLAIN]


def check(value, back):
    """Fail unless `back` is what `value` was."""
    if isinstance(value, np.ndarray):
        assert isinstance(back, np.ndarray), type(back)
        assert (value.dtype.newbyteorder("="), value.shape) == (back.dtype, back.shape)
        np.testing.assert_array_equal(value, back)
    elif isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(value, back.to_pandas())
    elif isinstance(value, pl.DataFrame):
        assert isinstance(back, pl.DataFrame), type(back)
        assert_frame_equal(value, back)
    elif isinstance(value, pa.Table | pa.RecordBatch):
        assert type(value) is type(back), type(back)
        assert (
            value.to_pydict() == back.to_pydict() if value.num_columns != 2 else value.equals(back)
        )
        assert value.schema.metadata == back.schema.metadata
    else:
        assert value == back, (value, back)
        assert isinstance(back, type(value)), type(back)
