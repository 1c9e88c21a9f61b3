"""What readers of CSV find in a file with nothing but their defaults: rows, names and nulls, as JSON."""

import csv
import gzip
import json
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow.csv as pc

path = sys.argv[1]
opener = gzip.open if path.endswith(".gz") else open
with opener(path, "rt", encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file))
table = pc.read_csv(path)
relation = duckdb.read_csv(path)
found = {
    "pandas": pd.read_csv(path),
    "polars": pl.read_csv(path).to_pandas(),
    "pyarrow": table.to_pandas(),
    "duckdb": relation.fetchdf(),
}
print(
    json.dumps(
        {
            "csv": {"rows": len(rows) - 1, "names": rows[0]},
            **{
                reader: {"rows": len(frame), "names": [str(name) for name in frame.columns]}
                for reader, frame in found.items()
            },
        }
    )
)
