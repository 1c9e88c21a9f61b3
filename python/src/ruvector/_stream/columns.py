"""The columns of a stream's tables, as its published schema declares them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from ..telemetry.v1 import stream_pb2
from .decoder import refuse
from .events import StreamTable

__all__ = ["TABLES", "Column", "ColumnType", "columns_of", "read_count", "read_reason"]
__all__ += ["read_table", "to_datetime"]

ColumnType: TypeAlias = Literal[
    "timestamp", "int64", "uint64", "int32", "float32", "float64", "bool", "utf8"
]

TABLES: tuple[StreamTable, ...] = ("memory", "process", "optimization")

_MESSAGES: dict[str, type[Message]] = {
    "memory": stream_pb2.MemorySnapshot,
    "process": stream_pb2.ProcessRecord,
    "optimization": stream_pb2.OptimizationEvent,
}

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_TYPES: dict[int, ColumnType] = {
    FieldDescriptor.TYPE_MESSAGE: "timestamp",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_FIXED64: "uint64",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_FLOAT: "float32",
    FieldDescriptor.TYPE_DOUBLE: "float64",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "utf8",
}


class Column(NamedTuple):
    """A column by name and type."""

    name: str
    type: ColumnType


@cache
def columns_of(table: StreamTable) -> tuple[Column, ...]:
    """Columns of a table in the order of the schema."""
    fields = _MESSAGES[table].DESCRIPTOR.fields
    return tuple(Column(field.name, _TYPES[field.type]) for field in fields)


def to_datetime(seconds: int, microseconds: int) -> datetime:
    """Time in UTC. Raises OverflowError beyond the years 1 to 9999."""
    return _EPOCH + timedelta(seconds=seconds, microseconds=microseconds)


def read_table(value: object) -> StreamTable:
    """Check the name of a table."""
    for table in TABLES:
        if table == value:
            return table
    return refuse("a table", value)


def read_reason(value: object) -> Literal["overflow", "expired"]:
    """Check why records are missing."""
    if value == "overflow":
        return "overflow"
    return "expired" if value == "expired" else refuse("a reason", value)


def read_count(value: object) -> int:
    """Check a sequence number or a count."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    return refuse("a number from 0", value)
