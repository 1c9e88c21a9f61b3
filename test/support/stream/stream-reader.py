"""Reads a data stream with ruvector.DataStream and prints what came, one JSON object a line.

stream-reader.py ENDPOINT FORMAT JSON, where the JSON holds options of DataStream and: ``count`` records
to read (else to the end), ``batches`` with a table to read record batches, ``rows`` with the name of a
subscription, ``stop_at`` to stop after so many records and print the position.
"""

import json
import sys
import time

from ruvector import DataStream

options = json.loads(sys.argv[3])
count = options.pop("count", None)
batches = options.pop("batches", None)
method = options.pop("method", "subscribe_all")
pause = options.pop("pause", 0)
gaps = []


def to_json(name, value):
    if name == "timestamp":
        return round(value.timestamp() * 1000)
    return str(value) if name == "name_hash" and value is not None else value


def to_row(row):
    return {name: to_json(name, value) for name, value in row.items()}


def rows_of(item):
    if batches is not None:
        return [to_row(row) for row in item.to_pylist()]
    return [
        [item.table, item.sequence, to_row(item.row)] if method == "subscribe_all" else to_row(item)
    ]


stream = DataStream(sys.argv[1], sys.argv[2], on_gap=gaps.append, **options)
result = {"rows": [], "end": "clean", "position": None, "error": None}
try:
    with stream:
        items = stream.batches(batches) if batches else getattr(stream, method)()
        print(json.dumps({"ready": True}), flush=True)
        try:
            for item in items:
                result["rows"] += rows_of(item)
                time.sleep(pause)
                if count is not None and len(result["rows"]) >= count:
                    result["end"] = "count"
                    break
        finally:
            result["position"] = items.position
except Exception as error:
    result["end"] = type(error).__name__
    result["error"] = [getattr(error, "code", None), str(error)]
result["gaps"] = [list(gap) for gap in gaps]
print(json.dumps(result), flush=True)
