"""k, l and name hashes of released tables, computed with pandas and hmac: the peer of our reports.

Usage: privacy-reference.py FOLDER. Reads request.json there: {"key": hex, "names": [...],
"tables": {name: {"file": ..., "quasi": [...]}}, "labels": {"file": ..., "group": ..., "label": ...}}.
Prints {"tables": {name: {"rows", "groups", "k"}}, "hashes": {...}, "l": {...}} as JSON.
"""

import hashlib
import hmac
import json
import math
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa

folder = Path(sys.argv[1])
request = json.loads((folder / "request.json").read_text())


def read(name: str) -> pd.DataFrame:
    """An Arrow IPC file with Arrow's own types: a float64 cannot hold a hash."""
    with pa.ipc.open_file(folder / name) as reader:
        return reader.read_all().to_pandas(types_mapper=pd.ArrowDtype)


def group_sizes(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Rows by quasi-identifiers; missing values are a value."""
    return table.groupby(columns, dropna=False).size()


tables = {}
for name, asked in request["tables"].items():
    frame = read(asked["file"])
    sizes = group_sizes(frame, asked["quasi"])
    tables[name] = {"rows": len(frame), "groups": len(sizes), "k": int(sizes.min())}

key = bytes.fromhex(request["key"])
hashes = {
    name: hmac.digest(key, name.encode(), hashlib.sha256)[:8].hex() for name in request["names"]
}

labels = read(request["labels"]["file"])
grouped = labels.groupby(request["labels"]["group"])[request["labels"]["label"]]
shares = [column.value_counts(normalize=True) for _, column in grouped]
diversity = {
    "reached": int(grouped.nunique().min()),
    "entropy": min(math.exp(-sum(p * math.log(p) for p in share)) for share in shares),
}
print(json.dumps({"tables": tables, "hashes": hashes, "l": diversity}))
