"""Reads data streams with ruvector.DataStream and prints what came, one JSON object a line.

Each line of standard input is one stream to read: a JSON array of the endpoint, the format, and an object
of options of DataStream and: ``count`` records to read (else to the end), ``batches`` with a table to read
record batches, ``method`` with the name of a subscription, ``pause`` in seconds after each record. Answers
``{"ready": true}`` once it is subscribed, and then with what it read.
"""

import json
import sys
import time

from ruvector import DataStream


def to_json(name, value):
    if name == "timestamp":
        return round(value.timestamp() * 1000)
    return str(value) if name == "name_hash" and value is not None else value


def to_row(row):
    return {name: to_json(name, value) for name, value in row.items()}


def rows_of(item, batches, method):
    if batches is not None:
        return [to_row(row) for row in item.to_pylist()]
    return [
        [item.table, item.sequence, to_row(item.row)] if method == "subscribe_all" else to_row(item)
    ]


def read(endpoint, form, options):
    count = options.pop("count", None)
    batches = options.pop("batches", None)
    method = options.pop("method", "subscribe_all")
    pause = options.pop("pause", 0)
    gaps = []
    result = {"rows": [], "end": "clean", "position": None, "error": None}
    stream = DataStream(endpoint, form, on_gap=gaps.append, **options)
    try:
        with stream:
            items = stream.batches(batches) if batches else getattr(stream, method)()
            print(json.dumps({"ready": True}), flush=True)
            try:
                for item in items:
                    result["rows"] += rows_of(item, batches, method)
                    time.sleep(pause)
                    if count is not None and len(result["rows"]) >= count:
                        result["end"] = "count"
                        break
            finally:
                result["position"] = items.position
    except Exception as error:
        result["end"] = type(error).__name__
        result["error"] = [getattr(error, "code", None), str(error)]
    return {**result, "gaps": [list(gap) for gap in gaps]}


for line in sys.stdin:
    print(json.dumps(read(*json.loads(line))), flush=True)
