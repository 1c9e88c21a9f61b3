"""The Python side of export.bench.ts: the same Arrow data, exported by tools that people use.

``export-peer.py <data.arrow>`` reads the file into memory and answers each line
``{"tool", "format", "path", "rows"}`` with ``{"seconds"}``: from the call to a file that is on
disk (fsync), as ours is. Each tool writes times and hashes its own way.
"""

import json
import os
import sqlite3
import sys
import time

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq


def pandas_json(table, path):
    frame = table.to_pandas()
    frame.to_json(path, orient="records", lines=True, date_format="iso", date_unit="ms")


def pyarrow_csv(table, path):
    pa.csv.write_csv(table, path)


def pyarrow_parquet(table, path):
    pq.write_table(table, path, compression="zstd", row_group_size=131_072)


def pyarrow_arrow(table, path):
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def sqlite_rows(table, path):
    """sqlite3.executemany: faster than pandas.DataFrame.to_sql, which calls it."""
    columns = []
    for field, column in zip(table.schema, table.columns):
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        elif pa.types.is_uint64(field.type):
            column = pc.cast(column, pa.string())
        columns.append(column)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    names = ", ".join(f'"{name}"' for name in table.schema.names)
    connection.execute(f"CREATE TABLE process ({names})")
    places = ", ".join("?" for _ in columns)
    connection.execute("BEGIN")
    for batch in pa.table(columns, names=table.schema.names).to_batches(max_chunksize=65_536):
        rows = zip(*(column.to_pylist() for column in batch.columns))
        connection.executemany(f"INSERT INTO process VALUES ({places})", rows)
    connection.execute("COMMIT")
    connection.execute("CREATE INDEX process_timestamp ON process (timestamp)")
    connection.close()


def duckdb_copy(options):
    def export(table, path):
        connection = duckdb.connect()
        connection.execute("SET timezone = 'UTC'")
        connection.execute("SET preserve_insertion_order = true")
        connection.register("process", table)
        connection.execute(f"COPY process TO '{path}' ({options})")
        connection.close()

    return export


EXPORTS = {
    ("pandas", "jsonl"): pandas_json,
    ("pyarrow", "csv"): pyarrow_csv,
    ("pyarrow", "parquet"): pyarrow_parquet,
    ("pyarrow", "arrow"): pyarrow_arrow,
    ("sqlite3", "sqlite"): sqlite_rows,
    ("duckdb", "csv"): duckdb_copy("FORMAT csv, HEADER"),
    ("duckdb", "jsonl"): duckdb_copy("FORMAT json"),
    ("duckdb", "parquet"): duckdb_copy("FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 131072"),
}


def main(data_path):
    with pa.OSFile(data_path, "rb") as source:
        table = pa.ipc.open_file(source).read_all()
    print(json.dumps({"rows": table.num_rows}), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        start = time.perf_counter()
        EXPORTS[job["tool"], job["format"]](table.slice(0, job["rows"]), job["path"])
        with open(job["path"], "rb+") as file:
            os.fsync(file.fileno())
        seconds = time.perf_counter() - start
        os.remove(job["path"])
        print(json.dumps({"seconds": seconds}), flush=True)


main(sys.argv[1])
