"""Protobuf events of a data stream: DataEvents of ``stream.proto``, each after its length.

::

    frame      varint n, then n bytes: a DataEvent
    varint     seven bits a byte, the lowest first, 0x80 where more follow
    DataEvent  sequence = 1 and one of memory = 2, process = 3, optimization = 4, gap = 5, hello = 6

Within a DataEvent the generated code reads. https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..telemetry.v1 import stream_pb2
from .columns import TABLES, columns_of, read_count, read_reason, read_table, to_datetime
from .decoder import refuse
from .events import StreamEvent, StreamGap, StreamHello, StreamRecord

__all__ = ["decode_delimited", "scan_delimited"]

# Of a frame's length, in bytes.
_MAX_LENGTH_BYTES = 5

_T = TypeVar("_T")
_R = TypeVar("_R")

_EMPTY_ROWS = {table: dict.fromkeys(name for name, _ in columns_of(table)) for table in TABLES}


def scan_delimited(buffer: bytearray, start: int) -> int:
    """Length of a frame: a varint of at most five bytes, and as many bytes as it says."""
    size, head = _read_length(buffer, start)
    return head + size if head > 0 and start + head + size <= len(buffer) else -1


def _read_length(buffer: bytes | bytearray, start: int) -> tuple[int, int]:
    """Size of the DataEvent and of the varint before it; 0, 0 while that is not whole."""
    size = 0
    for i, byte in enumerate(buffer[start : start + _MAX_LENGTH_BYTES]):
        size |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return size, i + 1
    if len(buffer) - start >= _MAX_LENGTH_BYTES:
        raise ValueError("a length of more than five bytes")
    return 0, 0


def decode_delimited(frame: bytes) -> list[StreamEvent]:
    """Decode one frame."""
    _, head = _read_length(frame, 0)
    event = stream_pb2.DataEvent.FromString(frame[head:])
    which = event.WhichOneof("event")
    if which in TABLES:
        return [_to_record(which, event)]
    if which == "gap":
        return [_to_gap(event.gap)]
    if which == "hello":
        return [_to_hello(event.hello)]
    return refuse("an event that this version knows", which)


def _to_record(table: Any, event: stream_pb2.DataEvent) -> StreamRecord:  # noqa: ANN401  checked
    message = getattr(event, table)
    row: dict[str, Any] = {**_EMPTY_ROWS[table]}
    for field, value in message.ListFields():
        row[field.name] = value
    if row["timestamp"] is None:
        refuse("a record with a timestamp", None)
    row["timestamp"] = _to_datetime(message.timestamp)
    return StreamRecord(table, read_count(event.sequence), row)


def _to_gap(gap: stream_pb2.Gap) -> StreamGap:
    return StreamGap(
        read_table(gap.table),
        read_count(gap.from_sequence),
        read_count(gap.to_sequence),
        read_count(gap.dropped),
        read_reason(gap.reason),
    )


def _to_hello(hello: stream_pb2.Hello) -> StreamHello:
    return StreamHello(
        hello.epoch,
        tuple(read_table(table) for table in hello.tables),
        hello.anonymized,
        _by_table(hello.sequences, read_count),
        _by_table(hello.timestamps, _to_datetime),
        _by_table(hello.repeats, read_count),
    )


def _by_table(values: Mapping[str, _T], read: Callable[[_T], _R]) -> dict[str, _R]:
    # Protobuf's maps have no order.
    return {read_table(table): read(value) for table, value in sorted(values.items())}


def _to_datetime(value: Any) -> Any:  # noqa: ANN401  google.protobuf.Timestamp
    if not 0 <= value.nanos < 1_000_000_000:
        refuse("nanos of a second", str(value.nanos))
    return to_datetime(value.seconds, value.nanos // 1000)
