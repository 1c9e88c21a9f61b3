"""Reads exported files with pandas, pyarrow, Polars, DuckDB and the standard library, and compares every value.

Each line of standard input: the path of a JSON with `fields` ({name: type}) and `files` ({path, format,
compression, truth}), where truth is the path of a JSON file with the columns as text (floats as the hex of
their bits). Answers each with a line {"checks": [...reader names...], "problems": [...]}.
"""

import csv
import functools
import io
import json
import math
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARROW = {
    "timestamp": pa.timestamp("ms", "UTC"),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "int32": pa.int32(),
    "int8": pa.int8(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "utf8": pa.string(),
}
POLARS = {
    "timestamp": pl.Datetime("ms", "UTC"),
    "int64": pl.Int64,
    "uint64": pl.UInt64,
    "int32": pl.Int32,
    "int8": pl.Int8,
    "float32": pl.Float32,
    "float64": pl.Float64,
    "bool": pl.Boolean,
    "utf8": pl.String,
}
DUCKDB = {
    "timestamp": "TIMESTAMPTZ",
    "int64": "BIGINT",
    "uint64": "UBIGINT",
    "int32": "INTEGER",
    "int8": "TINYINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "utf8": "VARCHAR",
}
SQLITE = {
    "timestamp": "INTEGER",
    "uint64": "TEXT",
    "utf8": "TEXT",
    "float32": "REAL",
    "float64": "REAL",
}

Columns = dict[str, list[Any]]
PACKED = {"none": None, "gzip": "gzip", "zstd": "zstd"}
#: Files that hold times as text are read with times as text: what text is a time is for Python to say.
TEXT_TIMES = {"timestamp": "utf8"}
#: JSON also has uint64 as text.
JSON_TEXTS = {"timestamp": "utf8", "uint64": "utf8"}


def canonical(kind: str, value: Any) -> str | None:
    """Text of a value, the same whatever type a reader made of it."""
    if kind in ("float32", "float64", "bool", "utf8"):
        return spelled(kind, value)
    return remembered(kind, value)


def spelled(kind: str, value: Any) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if kind in ("float32", "float64"):
        number = float(value)
        if kind == "float32":
            number = struct.unpack("f", struct.pack("f", number))[0]
        return "nan" if math.isnan(number) else struct.pack(">d", number).hex()
    if kind == "bool":
        return "true" if int(value) else "false"
    if kind == "timestamp":
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return str((value - EPOCH) // timedelta(milliseconds=1))
        return str(int(value))
    return str(int(value)) if kind != "utf8" else str(value)


# The tables hold few different numbers and times, many times. Not for floats: -0.0 equals 0.0.
remembered = functools.cache(spelled)


def opened(file: dict[str, str]) -> io.BytesIO:
    with pa.input_stream(file["path"], compression=PACKED[file["compression"]]) as stream:
        return io.BytesIO(stream.read())


def mapped(
    fields: dict[str, str], types: dict[str, Any], instead: dict[str, str]
) -> dict[str, Any]:
    return {name: types[instead.get(kind, kind)] for name, kind in fields.items()}


def of_arrow(table: pa.Table) -> Columns:
    # Years before 1 and after 9999 have no datetime; the integers beneath do.
    columns = {}
    for name in table.column_names:
        column = table[name]
        columns[name] = (
            column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        ).to_pylist()
    return columns


def of_polars(frame: pl.DataFrame) -> Columns:
    times = [name for name, kind in frame.schema.items() if kind == pl.Datetime]
    return frame.with_columns(pl.col(times).dt.epoch("ms")).to_dict(as_series=False)


def of_pandas(frame: pd.DataFrame) -> Columns:
    return {str(name): list(frame[name]) for name in frame.columns}


def of_duckdb(query: str, fields: dict[str, str], *, texts: bool) -> Columns:
    wanted = ", ".join(
        f'epoch_ms("{name}") AS "{name}"' if kind == "timestamp" and not texts else f'"{name}"'
        for name, kind in fields.items()
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
        cursor = connection.execute(f"SELECT {wanted} FROM {query}")
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def csv_readers(
    file: dict[str, str], fields: dict[str, str]
) -> Iterator[tuple[str, Callable[[], Columns]]]:
    path, packed = file["path"], file["compression"]

    def standard() -> Columns:
        text = opened(file).read().decode()
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        return {name: [row[i] or None for row in rows[1:]] for i, name in enumerate(rows[0])}

    def pandas() -> Columns:
        # As text: pandas has no column of numbers that tells a missing one from NaN.
        frame = pd.read_csv(opened(file), dtype="string", keep_default_na=False, na_values=[""])
        return of_pandas(frame)

    def arrow() -> Columns:
        convert = pyarrow.csv.ConvertOptions(
            column_types=mapped(fields, ARROW, TEXT_TIMES),
            null_values=[""],
            true_values=["true"],
            false_values=["false"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
        stream = pa.input_stream(path, compression=PACKED[packed])
        return of_arrow(pyarrow.csv.read_csv(stream, convert_options=convert, parse_options=parse))

    def polars() -> Columns:
        schema = mapped(fields, POLARS, TEXT_TIMES)
        return of_polars(pl.read_csv(path, schema=schema))

    def duck() -> Columns:
        columns = json.dumps(mapped(fields, DUCKDB, TEXT_TIMES)).replace('"', "'")
        query = (
            f"read_csv('{path}', header=true, auto_detect=false, delim=',', quote='\"', escape='\"', nullstr='', "
            f"allow_quoted_nulls=false, compression='{packed}', columns={columns}, new_line='\\n', parallel=false)"
        )
        return of_duckdb(query, fields, texts=True)

    yield "csv module", standard
    yield "pandas", pandas
    yield "pyarrow", arrow
    yield "polars", polars
    yield "duckdb", duck


def json_readers(
    file: dict[str, str], fields: dict[str, str]
) -> Iterator[tuple[str, Callable[[], Columns]]]:
    path, packed = file["path"], file["compression"]
    lines = file["format"] == "jsonl"

    def standard() -> Columns:
        text = opened(file).read().decode()
        rows = (
            [json.loads(line) for line in text.split("\n") if line] if lines else json.loads(text)
        )
        return {name: [row[name] for row in rows] for name in fields}

    def pandas() -> Columns:
        # Without a type pandas makes floats of integers that have nulls beside them.
        return of_pandas(
            pd.read_json(opened(file), lines=True, dtype_backend="pyarrow", engine="pyarrow")
        )

    def arrow() -> Columns:
        schema = pa.schema(list(mapped(fields, ARROW, JSON_TEXTS).items()))
        parse = pyarrow.json.ParseOptions(explicit_schema=schema, newlines_in_values=False)
        stream = pa.input_stream(path, compression=PACKED[packed])
        return of_arrow(pyarrow.json.read_json(stream, parse_options=parse))

    def polars() -> Columns:
        # Polars reads no int8 from JSON.
        schema = mapped(fields, POLARS, JSON_TEXTS | {"int8": "int32"})
        read = pl.read_ndjson if lines else pl.read_json
        return of_polars(read(opened(file), schema=schema))

    def duck() -> Columns:
        columns = json.dumps(mapped(fields, DUCKDB, JSON_TEXTS)).replace('"', "'")
        layout = "newline_delimited" if lines else "array"
        return of_duckdb(
            f"read_json('{path}', format='{layout}', compression='{packed}', columns={columns})",
            fields,
            texts=True,
        )

    yield "json module", standard
    yield "duckdb", duck
    # They take an empty document for a mistake, or have no place for the columns of no rows.
    if file["isEmpty"]:
        return
    yield "polars", polars
    if lines:
        yield "pyarrow", arrow
        yield "pandas", pandas


def parquet_readers(
    file: dict[str, str], fields: dict[str, str]
) -> Iterator[tuple[str, Callable[[], Columns]]]:
    path = file["path"]

    def arrow() -> Columns:
        table = pyarrow.parquet.read_table(path)
        check_types(table.schema, fields)
        return of_arrow(table)

    def polars() -> Columns:
        frame = pl.read_parquet(path)
        assert dict(frame.schema) == {name: POLARS[kind] for name, kind in fields.items()}, (
            frame.schema
        )
        return of_polars(frame)

    def duck() -> Columns:
        with duckdb.connect() as connection:
            found = {
                row[0]: row[1]
                for row in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
            }
        wanted = {
            n: DUCKDB[k].replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
            for n, k in fields.items()
        }
        assert found == wanted, found
        return of_duckdb(f"'{path}'", fields, texts=False)

    yield "pyarrow", arrow
    yield "polars", polars
    yield "duckdb", duck
    yield (
        "pandas",
        lambda: of_arrow(
            pa.Table.from_pandas(
                pd.read_parquet(path, dtype_backend="pyarrow"), preserve_index=False
            )
        ),
    )


def check_types(schema: pa.Schema, fields: dict[str, str]) -> None:
    for name, kind in fields.items():
        found = schema.field(name).type
        if pa.types.is_large_string(found) or pa.types.is_string_view(found):
            found = pa.string()
        assert found == ARROW[kind], f"{name} is {found}, not {ARROW[kind]}"
    assert schema.names == list(fields)


def arrow_readers(
    file: dict[str, str], fields: dict[str, str]
) -> Iterator[tuple[str, Callable[[], Columns]]]:
    path = file["path"]

    def arrow() -> Columns:
        with pa.memory_map(path) as source:
            table = pyarrow.ipc.open_file(source).read_all()
            table.validate(full=True)
            check_types(table.schema, fields)
            for name in fields:
                assert table.schema.field(name).metadata[b"unit"], name
                assert table.schema.field(name).nullable == name.endswith("_opt"), name
            return of_arrow(table)

    def duck() -> Columns:
        exported = pyarrow.feather.read_table(path)
        wanted = ", ".join(
            f'epoch_ms("{n}") AS "{n}"' if k == "timestamp" else f'"{n}"' for n, k in fields.items()
        )
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("exported", exported)
            cursor = connection.execute(f"SELECT {wanted} FROM exported")
            rows = cursor.fetchall()
        return {name: [row[i] for row in rows] for i, name in enumerate(fields)}

    yield "pyarrow", arrow
    yield "duckdb", duck
    yield "polars", lambda: of_polars(pl.read_ipc(path))
    yield (
        "pandas",
        lambda: of_arrow(
            pa.Table.from_pandas(
                pd.read_feather(path, dtype_backend="pyarrow"), preserve_index=False
            )
        ),
    )


def sqlite_readers(
    file: dict[str, str], fields: dict[str, str]
) -> Iterator[tuple[str, Callable[[], Columns]]]:
    path, table = file["path"], file["table"]

    def standard() -> Columns:
        assert not Path(f"{path}-wal").exists()
        with sqlite3.connect(path) as connection:
            info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
            found = {row[1]: row[2] for row in info}
            assert found == {n: SQLITE.get(k, "INTEGER") for n, k in fields.items()}, found
            required = {
                n for n, k in fields.items() if not n.endswith("_opt") and not k.startswith("float")
            }
            assert {row[1] for row in info if row[3]} == required
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert connection.execute(
                f"SELECT count(*) FROM pragma_index_list('{table}')"
            ).fetchone() == (1,)
            rows = connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid').fetchall()
        return {name: [row[i] for row in rows] for i, name in enumerate(fields)}

    def pandas() -> Columns:
        with sqlite3.connect(path) as connection:
            frame = pd.read_sql(
                f'SELECT * FROM "{table}" ORDER BY rowid',
                connection,
                dtype_backend="numpy_nullable",
            )
        return of_pandas(frame)

    def polars() -> Columns:
        schema = {
            n: {"INTEGER": pl.Int64, "TEXT": pl.String, "REAL": pl.Float64}[
                SQLITE.get(k, "INTEGER")
            ]
            for n, k in fields.items()
        }
        with sqlite3.connect(path) as connection:
            return pl.read_database(
                f'SELECT * FROM "{table}" ORDER BY rowid', connection, schema_overrides=schema
            ).to_dict(as_series=False)

    yield "sqlite3", standard
    yield "polars", polars
    if not file["isEmpty"]:
        yield "pandas", pandas


READERS = {
    "csv": csv_readers,
    "json": json_readers,
    "jsonl": json_readers,
    "parquet": parquet_readers,
    "arrow": arrow_readers,
    "sqlite": sqlite_readers,
}
INFINITE = {struct.pack(">d", math.inf).hex(), struct.pack(">d", -math.inf).hex()}
MINUS_ZERO, ZERO = struct.pack(">d", -0.0).hex(), struct.pack(">d", 0.0).hex()


def held(file: dict[str, str], reader: str, kind: str, value: str | None) -> str | None:
    """What of a value a format, or this reader of it, can hold."""
    form = file["format"]
    if kind in ("float32", "float64"):
        if form in ("json", "jsonl") and (value == "nan" or value in INFINITE):
            return None  # JSON has no such numbers
        if form == "sqlite" and value == "nan":
            return None  # SQLite makes NULL of it
        if form == "sqlite" and value == MINUS_ZERO:
            return ZERO  # and an integer of a whole number, which has no sign
    if form == "csv" and value == "" and reader in ("csv module", "pandas"):
        return None  # they do not tell quoted from missing
    return value


def compare(
    file: dict[str, str], reader: str, fields: dict[str, str], truth: Columns, found: Columns
) -> Iterator[str]:
    where = f"{Path(file['path']).name} by {reader}"
    if list(found) != list(fields):
        yield f"{where}: columns {list(found)}"
        return
    for name, kind in fields.items():
        wanted = [held(file, reader, kind, value) for value in truth[name]]
        got = [
            canonical(kind, boolean(value) if kind == "bool" else value) for value in found[name]
        ]
        if len(got) != len(wanted):
            yield f"{where}: {name} has {len(got)} rows of {len(wanted)}"
            continue
        wrong = [i for i, (one, other) in enumerate(zip(got, wanted, strict=True)) if one != other]
        if wrong:
            i = wrong[0]
            yield f"{where}: {name}[{i}] is {found[name][i]!r} ({got[i]!r}), not {wanted[i]!r}; {len(wrong)} rows differ"


def boolean(value: Any) -> Any:
    return {"true": True, "false": False}[value] if isinstance(value, str) else value


def answer(request: str) -> dict[str, list[str]]:
    asked = json.loads(Path(request).read_text())
    fields: dict[str, str] = asked["fields"]
    checks: list[str] = []
    problems: list[str] = []
    for file in asked["files"]:
        truth = json.loads(Path(file["truth"]).read_text())
        file["isEmpty"] = not truth["timestamp"]
        for reader, read in READERS[file["format"]](file, fields):
            checks.append(f"{file['format']} {file['compression']} {reader}")
            try:
                problems.extend(compare(file, reader, fields, truth, read()))
            except BaseException as error:  # a reader that refuses the file is the finding; Polars panics beside Exception
                problems.append(
                    f"{Path(file['path']).name} by {reader}: {type(error).__name__}: {error}"
                )
    return {"checks": sorted(set(checks)), "problems": problems}


for line in sys.stdin:
    print(json.dumps(answer(line.rstrip("\n"))), flush=True)
