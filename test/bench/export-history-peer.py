"""Exports the segments of a history by DuckDB, or by Python's sqlite3.

Run as ``export-history-peer.py <segments> <format> <folder>``; ends when everything is durable.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import duckdb

OPTIONS = {
    "csv": "FORMAT csv, HEADER",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}
ROWS_AT_ONCE = 65_536


def write_arrow(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    import pyarrow as pa

    reader = connection.sql(query).to_arrow_reader(ROWS_AT_ONCE)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def write_sqlite(
    connection: duckdb.DuckDBPyConnection, query: str, table: str, target: Path
) -> None:
    """The quick way in Python: one transaction, no journal, an index at the end, as ours."""
    rows = connection.execute(query.replace("*", "* REPLACE (epoch_ms(timestamp) AS timestamp)"))
    names = [column[0] for column in rows.description]
    base = sqlite3.connect(target, isolation_level=None)
    base.execute("PRAGMA journal_mode = OFF")
    base.execute("PRAGMA synchronous = OFF")
    base.execute(f"CREATE TABLE {table} ({', '.join(names)})")
    base.execute("BEGIN")
    places = ", ".join("?" for _ in names)
    while part := rows.fetchmany(ROWS_AT_ONCE):
        base.executemany(f"INSERT INTO {table} VALUES ({places})", part)
    base.execute("COMMIT")
    base.execute(f"CREATE INDEX {table}_timestamp ON {table} (timestamp)")
    base.close()


def main(segments: str, file_format: str, folder: str) -> None:
    for table in ("memory", "process"):
        connection = duckdb.connect()
        files = sorted(str(path) for path in Path(segments, table).iterdir())
        query = f"SELECT * FROM read_parquet({files!r})"
        name = "tables.sqlite" if file_format == "sqlite" else f"{table}.{file_format}"
        target = Path(folder, name)
        if file_format == "sqlite":
            write_sqlite(connection, query, table, target)
        elif file_format == "arrow":
            write_arrow(connection, query, target)
        else:
            connection.execute(f"COPY ({query}) TO '{target}' ({OPTIONS[file_format]})")
        with target.open("rb+") as file:
            # Ours is durable when it returns.
            os.fsync(file.fileno())


main(*sys.argv[1:])
