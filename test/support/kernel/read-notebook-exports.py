"""Reads what a notebook exported with pandas; prints rows, columns and labels by file as JSON."""

import json
import sys
from pathlib import Path

import pandas as pd

found = {}
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.suffix not in (".csv", ".parquet"):
        continue
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    found[path.name] = {
        "rows": len(table),
        "columns": list(table.columns),
        "labels": sorted(table["label"].unique()) if "label" in table else [],
        "hasNames": "name" in table,
    }
print(json.dumps(found))
