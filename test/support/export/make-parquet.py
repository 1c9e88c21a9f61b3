"""Writes the same odd table with pyarrow, Polars and DuckDB into the folder argv[1], with all they put into footers."""

import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet

folder = Path(sys.argv[1])
table = pa.table(
    {
        "time": pa.array(range(5000), pa.timestamp("ms", "UTC")),
        "text": pa.array([None if i % 7 == 0 else f"text {i % 90}" for i in range(5000)]),
        "list": pa.array([[i, None] for i in range(5000)], pa.list_(pa.int64())),
        "flag": pa.array([i % 3 == 0 for i in range(5000)]),
        "wide": pa.array([2**64 - 1 - i for i in range(5000)], pa.uint64()),
    }
)
pa.parquet.write_table(
    table.replace_schema_metadata({"key": "value"}),
    folder / "pyarrow.parquet",
    row_group_size=700,
    write_page_index=True,
    write_page_checksum=True,
    sorting_columns=[pa.parquet.SortingColumn(0)],
    store_decimal_as_integer=True,
)
pl.from_arrow(table).write_parquet(folder / "polars.parquet", row_group_size=700)
with duckdb.connect() as connection:
    connection.register("source", table)
    connection.execute(
        f"COPY source TO '{folder / 'duckdb.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
