"""Maps with names into events: what JSON Lines and MessagePack have in common.

::

    record  event "record", table, sequence, and the columns of the table by name, each of which
            may be null or missing
    gap     event "gap", table, from_sequence, to_sequence, dropped, reason
    hello   event "hello", epoch, tables, anonymized, and by table: sequences, timestamps, repeats

Keys that are not known are passed over. Forms of the values: docs/streams.md, "Formats".
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from .columns import (
    TABLES,
    ColumnType,
    columns_of,
    read_count,
    read_reason,
    read_table,
)
from .decoder import refuse
from .events import StreamEvent, StreamGap, StreamHello, StreamRecord

__all__ = ["PlainReader", "json_readers", "msgpack_readers"]

Read = Callable[[Any], Any]

_ISO_8601 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)


class PlainReader:
    """Checks a decoded map and makes an event of it."""

    def __init__(self, readers: Mapping[ColumnType, Read]) -> None:
        self._read_timestamp = readers["timestamp"]
        self._columns = {
            table: [(name, readers[kind]) for name, kind in columns_of(table)] for table in TABLES
        }

    def read(self, plain: object) -> StreamEvent:
        """Read one event. Raises ValueError for everything that is not one."""
        if not isinstance(plain, dict):
            return refuse("a map", plain)
        event = plain.get("event")
        if event == "record":
            return self._read_record(plain)
        if event == "gap":
            return StreamGap(
                read_table(plain.get("table")),
                read_count(plain.get("from_sequence")),
                read_count(plain.get("to_sequence")),
                read_count(plain.get("dropped")),
                read_reason(plain.get("reason")),
            )
        if event == "hello":
            return self._read_hello(plain)
        return refuse('an event of type "record", "gap" or "hello"', event)

    def _read_record(self, plain: Mapping[str, Any]) -> StreamRecord:
        table = read_table(plain.get("table"))
        row: dict[str, Any] = {}
        for name, read in self._columns[table]:
            value = plain.get(name)
            row[name] = None if value is None else read(value)
        if row["timestamp"] is None:
            refuse("a record with a timestamp", None)
        return StreamRecord(table, read_count(plain.get("sequence")), row)

    def _read_hello(self, plain: Mapping[str, Any]) -> StreamHello:
        tables = plain.get("tables")
        if not isinstance(tables, list):
            refuse("a list of tables", tables)
        return StreamHello(
            _read_text(plain.get("epoch")),
            tuple(read_table(table) for table in tables),
            _read_bool(plain.get("anonymized")),
            _read_by_table(plain.get("sequences"), read_count),
            _read_by_table(plain.get("timestamps"), self._read_timestamp),
            _read_by_table(plain.get("repeats"), read_count),
        )


def _read_by_table(value: object, read: Read) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        return refuse("a map by table", value)
    return {read_table(table): read(item) for table, item in value.items()}


def _read_integer(bits: int, *, signed: bool = True) -> Read:
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) if signed else 2**bits

    def read(value: object) -> int:
        # 3.0 is a whole number in JSON, whose numbers have no types.
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
            refuse(f"an integer of {bits} bits", value)
        return value

    return read


def _read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        refuse("a number", value)
    return float(value)


def _read_float32(value: object) -> float:
    single: float = struct.unpack("<f", struct.pack("<f", _read_number(value)))[0]
    return single


def _read_bool(value: object) -> bool:
    return value if isinstance(value, bool) else refuse("a boolean", value)


def _read_text(value: object) -> str:
    return value if isinstance(value, str) else refuse("a text", value)


def _finite(read: Read) -> Read:
    """JSON has no infinity, but 1e999 is one."""

    def read_finite(value: object) -> float:
        number: float = read(value)
        return number if math.isfinite(number) else refuse("a finite number", str(number))

    return read_finite


def _read_iso_8601(value: object) -> datetime:
    match = _ISO_8601.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        refuse("a time in ISO 8601", value)
    seconds, fraction, zone = match.groups()
    # Python 3.10 reads neither "Z" nor other than three or six digits.
    text = f"{seconds}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone == 'Z' else zone}"
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def _read_decimal(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,20}", value, re.ASCII):
        refuse("a decimal string", value)
    integer: int = _read_uint64(int(value))
    return integer


def _read_datetime(value: object) -> datetime:
    return value if isinstance(value, datetime) else refuse("a timestamp", value)


_read_uint64 = _read_integer(64, signed=False)

_common: dict[ColumnType, Read] = {
    "int64": _read_integer(64),
    "int32": _read_integer(32),
    "float32": _read_float32,
    "float64": _read_number,
    "bool": _read_bool,
    "utf8": _read_text,
}

json_readers: dict[ColumnType, Read] = {
    **_common,
    "timestamp": _read_iso_8601,
    "uint64": _read_decimal,
    "float32": _finite(_read_float32),
    "float64": _finite(_read_number),
}

msgpack_readers: dict[ColumnType, Read] = {
    **_common,
    "timestamp": _read_datetime,
    "uint64": _read_uint64,
}
