"""Decode a data stream message with the Python client and print it as JSON: FORMAT FILE.

Times are milliseconds since 1970, uint64 decimal strings, what is not finite its name.
"""

import datetime
import json
import math
import sys
from pathlib import Path

from ruvector._stream.codecs import create_codec
from ruvector._stream.events import StreamGap, StreamHello

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def to_ms(value):
    assert value.utcoffset() == datetime.timedelta(0)
    return (value - EPOCH) // datetime.timedelta(milliseconds=1)


def to_json(name, value):
    if isinstance(value, datetime.datetime):
        return to_ms(value)
    if isinstance(value, float) and not math.isfinite(value):
        return NAMES[str(value)]
    return str(value) if name == "name_hash" and value is not None else value


def to_neutral(event):
    if isinstance(event, StreamGap):
        numbers = {"fromSequence": event.from_sequence, "toSequence": event.to_sequence}
        return {"type": "gap", "table": event.table, **numbers, "dropped": event.dropped} | {
            "reason": event.reason
        }
    if isinstance(event, StreamHello):
        hello = {"type": "hello", "epoch": event.epoch, "tables": event.tables}
        hello |= {"anonymized": event.anonymized, "sequences": event.sequences}
        hello["timestamps"] = {table: to_ms(value) for table, value in event.timestamps.items()}
        return hello | ({"repeats": event.repeats} if event.repeats else {})
    row = {name: to_json(name, value) for name, value in event.row.items()}
    return {"type": "record", "table": event.table, "sequence": event.sequence, "row": row}


stream_format, path = sys.argv[1:]
events = create_codec(stream_format).decode(Path(path).read_bytes())
print(json.dumps([to_neutral(event) for event in events], allow_nan=False))
