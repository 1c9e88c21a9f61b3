"""Exports the same Arrow file as the benchmark by pandas, pyarrow, DuckDB and sqlite3.

Reads commands from stdin (``<engine> <format> <target> <rows>``), answers each with the rows a second.
The table is in memory before the first command, as it is for ours.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

TABLE = pa.ipc.open_file(pa.OSFile(sys.argv[1])).read_all()


def duckdb_copy(options: str) -> Callable[[pa.Table, str], None]:
    def export(table: pa.Table, target: str) -> None:
        connection = duckdb.connect()
        connection.register("rows", table)
        connection.execute(f"COPY rows TO '{target}' ({options})")
        connection.close()

    return export


def pandas_json(table: pa.Table, target: str) -> None:
    table.to_pandas().to_json(target, orient="records", lines=True)


def pyarrow_arrow(table: pa.Table, target: str) -> None:
    with pa.OSFile(target, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def sqlite_rows(table: pa.Table, target: str) -> None:
    """The quick way in Python: one transaction, no journal, an index at the end, as ours."""
    names = table.schema.names
    times = table["timestamp"].cast(pa.int64())
    table = table.set_column(0, "timestamp", times)
    table = table.set_column(2, names[2], table[names[2]].cast(pa.string()))
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"CREATE TABLE process ({', '.join(names)})")
    connection.execute("BEGIN")
    places = ", ".join("?" for _ in names)
    for batch in table.to_batches(max_chunksize=65536):
        columns = [column.to_pylist() for column in batch.columns]
        rows = zip(*columns, strict=True)
        connection.executemany(f"INSERT INTO process VALUES ({places})", rows)
    connection.execute("COMMIT")
    connection.execute("CREATE INDEX process_timestamp ON process (timestamp)")
    connection.close()


EXPORTS: dict[tuple[str, str], Callable[[pa.Table, str], None]] = {
    ("pyarrow", "csv"): lambda table, target: pa.csv.write_csv(table, target),
    ("duckdb", "csv"): duckdb_copy("FORMAT csv, HEADER"),
    ("pandas", "jsonl"): pandas_json,
    ("duckdb", "jsonl"): duckdb_copy("FORMAT json"),
    ("pyarrow", "parquet"): lambda table, target: pa.parquet.write_table(
        table, target, compression="zstd"
    ),
    ("duckdb", "parquet"): duckdb_copy("FORMAT parquet, COMPRESSION zstd"),
    ("pyarrow", "arrow"): pyarrow_arrow,
    ("sqlite3", "sqlite"): sqlite_rows,
}


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        engine, file_format, target, rows = line.split()
        table = TABLE.slice(0, int(rows))
        started = time.perf_counter()
        EXPORTS[engine, file_format](table, target)
        with Path(target).open("rb+") as file:
            # Ours is durable when it returns.
            os.fsync(file.fileno())
        print(table.num_rows / (time.perf_counter() - started), flush=True)


main()
