"""Compares what filters find in Parquet files, pushed down to statistics and page indexes, with full scans.

Each line of standard input: the path of a JSON list of files. Answers each with a line
{"checks": count, "problems": [...]}. The truth is a table read whole and filtered in memory.
"""

import json
import operator
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "=": operator.eq,
}
IN_MEMORY = {">": pc.greater, "<": pc.less, ">=": pc.greater_equal, "=": pc.equal}
DUCKDB = duckdb.connect()
#: Bounds that are tried of each column, evenly among its different values.
BOUNDS = 4


def bounds_of(column: pa.ChunkedArray) -> list[Any]:
    known = pc.unique(column.drop_null())
    if pa.types.is_floating(column.type):
        known = known.filter(pc.invert(pc.is_nan(known)))
    known = known.take(pc.sort_indices(known))
    places = {round(i * (len(known) - 1) / (BOUNDS - 1)) for i in range(BOUNDS)}
    return known.take(pa.array(sorted(places), pa.int64())).to_pylist() if len(known) else []


def count(column: pa.ChunkedArray, sign: str, bound: Any, *, nan_is_greatest: bool) -> int:
    found = pc.sum(IN_MEMORY[sign](column, pa.scalar(bound, column.type))).as_py() or 0
    # DuckDB and Polars order NaN above all numbers; Arrow compares as IEEE 754 says.
    if nan_is_greatest and sign in (">", ">=") and pa.types.is_floating(column.type):
        found += pc.sum(pc.is_nan(column)).as_py() or 0
    return int(found)


def literal(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        text = f"'{value!r}'::DOUBLE"
        return f"{text}::FLOAT" if pa.types.is_float32(kind) else text
    return str(value)


def by_duckdb(path: str, name: str, kind: pa.DataType, sign: str, bound: Any) -> int:
    query = f"SELECT count(*) FROM read_parquet('{path}') WHERE \"{name}\" {sign} {literal(bound, kind)}"
    return int(DUCKDB.execute(query).fetchall()[0][0])


def by_polars(path: str, name: str, _kind: pa.DataType, sign: str, bound: Any) -> int:
    frame = pl.scan_parquet(path, use_statistics=True)
    typed = pl.lit(bound, dtype=frame.collect_schema()[name])
    condition = OPERATORS[sign](pl.col(name), typed)
    return int(frame.filter(condition).select(pl.len()).collect().item())


def by_pyarrow(path: str, name: str, kind: pa.DataType, sign: str, bound: Any) -> int:
    condition = OPERATORS[sign](ds.field(name), pa.scalar(bound, kind))
    return int(ds.dataset(path).count_rows(filter=condition))


READERS: tuple[tuple[str, Callable[..., int], bool], ...] = (
    ("duckdb", by_duckdb, True),
    ("polars", by_polars, True),
    ("pyarrow", by_pyarrow, False),
)


def checked(path: str) -> Iterator[str | None]:
    table = pq.read_table(path)
    for field in table.schema:
        kind = field.type
        if pa.types.is_timestamp(kind) or pa.types.is_boolean(kind):
            continue
        column = table[field.name]
        for bound in bounds_of(column):
            for sign in OPERATORS:
                for reader, read, nan_is_greatest in READERS:
                    found = read(path, field.name, kind, sign, bound)
                    wanted = count(column, sign, bound, nan_is_greatest=nan_is_greatest)
                    what = f"{reader}: {Path(path).name} {field.name} {sign} {bound!r}"
                    yield None if found == wanted else f"{what}: {found}, not {wanted}"


for line in sys.stdin:
    outcomes = [
        outcome
        for path in json.loads(Path(line.strip()).read_text(encoding="utf-8"))
        for outcome in checked(path)
    ]
    problems = [outcome for outcome in outcomes if outcome is not None]
    print(json.dumps({"checks": len(outcomes), "problems": problems[:20]}), flush=True)
