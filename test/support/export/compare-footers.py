"""Prints what pyarrow finds different in the Parquet files argv[1] and argv[2]: rows, and every field of the footers
but their size: one fact may be written in two ways, of which one is enough.
"""

import json
import sys

import pyarrow.parquet as pq

before, after = (pq.ParquetFile(path) for path in sys.argv[1:3])


def flatten(value: object, path: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        pairs = [(f"{path}.{key}", each) for key, each in value.items()]
    elif isinstance(value, (list, tuple)):
        pairs = [(f"{path}[{i}]", each) for i, each in enumerate(value)]
    else:
        return {path: value}
    return {key: leaf for where, each in pairs for key, leaf in flatten(each, where).items()}


left, right = (
    flatten({"footer": each.metadata.to_dict(), "schema": [str(column) for column in each.schema]})
    for each in (before, after)
)
differences = sorted(
    key
    for key in left.keys() | right.keys()
    if key != ".footer.serialized_size" and repr(left.get(key)) != repr(right.get(key))
)
if not before.read().equals(after.read()):
    differences.append("rows")
print(json.dumps(differences))
