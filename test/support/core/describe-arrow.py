"""Prints what pyarrow reads from an Arrow IPC stream: schema with metadata, and values, as JSON.

int64 and uint64 values are printed as strings, timestamps as milliseconds, floats as hex.
"""

import json
import sys

import pyarrow as pa


def plain(column):
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    values = column.to_pylist()
    if pa.types.is_floating(kind):
        return [None if v is None else v.hex() for v in values]
    if pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
        return [None if v is None else str(v) for v in values]
    return values


def text(metadata):
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


with pa.ipc.open_stream(sys.argv[1]) as reader:
    table = reader.read_all()
table.validate(full=True)
print(
    json.dumps(
        {
            "rows": table.num_rows,
            "metadata": text(table.schema.metadata),
            "fields": [
                {"name": f.name, "type": str(f.type), "nullable": f.nullable, **text(f.metadata)}
                for f in table.schema
            ],
            "columns": {name: plain(table[name]) for name in table.column_names},
        }
    )
)
