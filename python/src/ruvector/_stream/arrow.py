"""Arrow IPC events of a data stream: whole IPC streams, one behind the other.

A stream is a schema message, any number of record batches, and a prefix of size 0. Little-endian::

    message  0    4  0xFFFFFFFF
             4    4  m, size of the metadata with its padding, i32; 0 ends the stream
             8    m  Message of Message.fbs, a FlatBuffer
             8+m  b  body of b = Message.bodyLength bytes

    FlatBuffer  0     4  offset of the root table, u32
    table       0     4  way back to its vtable, i32: the vtable is at ``table - way``
    vtable      0     2  its size, u16; fields beyond it are not set
                2     2  size of the table, u16
                4+2i  2  offset of field i (its slot) in the table, u16; 0 when it is not set

https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
https://flatbuffers.dev/internals

The metadata of every message is looked at before pyarrow reads it: dictionaries and compressed
bodies, which could stand for far more data than their bytes, are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from .._buffer import Buffer
from .columns import (
    TABLES,
    ColumnType,
    columns_of,
    read_count,
    read_reason,
    read_table,
    to_datetime,
)
from .decoder import (
    MAX_EVENTS,
    MAX_MESSAGE_BYTES,
    FrameDecoder,
    Scan,
    decode_whole,
    refuse,
)
from .events import StreamEvent, StreamGap, StreamHello, StreamRecord

__all__ = ["ArrowCodec"]

_PREFIX_BYTES = 8
_CONTINUATION = -1
# MessageHeader of Message.fbs, and slots of its tables Message and RecordBatch.
_SCHEMA, _RECORD_BATCH = 1, 3
_HEADER_TYPE_SLOT, _HEADER_SLOT, _BODY_LENGTH_SLOT = 1, 2, 3
_COMPRESSION_SLOT = 3
_VTABLE_HEAD_BYTES, _VTABLE_ENTRY_BYTES = 4, 2

_Types = dict[str, ColumnType]
_SEQUENCE: _Types = {"sequence": "int64"}
_RECORD_TYPES: dict[str, _Types] = {
    table: {**_SEQUENCE, **dict(columns_of(table))} for table in TABLES
}
_GAP_TYPES: _Types = {
    "table": "utf8",
    "from_sequence": "int64",
    "to_sequence": "int64",
    "dropped": "int64",
    "reason": "utf8",
}
_HELLO_TYPES: _Types = {
    "epoch": "utf8",
    "anonymized": "bool",
    "table": "utf8",
    "sequence": "int64",
    "timestamp": "timestamp",
    "repeats": "int64",
}

_ARROW_TYPES: dict[ColumnType, Callable[[pa.DataType], bool]] = {
    "timestamp": lambda kind: pa.types.is_timestamp(kind) and kind.unit == "ms",
    "int64": pa.types.is_int64,
    "uint64": pa.types.is_uint64,
    "int32": pa.types.is_int32,
    "float32": pa.types.is_float32,
    "float64": pa.types.is_float64,
    "bool": pa.types.is_boolean,
    "utf8": pa.types.is_string,
}


class ArrowCodec:
    """Reads events, or the record batches as they are.

    Parameters
    ----------
    max_message_bytes : int, default 16 MiB
        Larger messages, and larger IPC streams of a byte stream, are refused.

    """

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._limit = max_message_bytes

    def decode(self, message: Buffer) -> list[StreamEvent]:
        """Decode a whole message into events."""
        return decode_whole("arrow", message, self.create_decoder(), self._limit)

    def decode_batches(self, message: Buffer) -> list[pa.RecordBatch]:
        """Decode a whole message into record batches, without a dict for each row.

        ``schema.metadata[b"ruvector.event"]`` is ``record``, ``gap`` or ``hello``; records have
        ``b"ruvector.table"`` and a first column ``sequence``.
        """
        return decode_whole("arrow", message, self.create_batch_decoder(), self._limit)

    def create_decoder(self) -> FrameDecoder[StreamEvent]:
        """Start decoding a byte stream into events."""
        return FrameDecoder("arrow", _create_scan(), _decode_events, self._limit)

    def create_batch_decoder(self) -> FrameDecoder[pa.RecordBatch]:
        """Start decoding a byte stream into record batches."""
        return FrameDecoder("arrow", _create_scan(), _decode_batches, self._limit)


def _create_scan() -> Scan:
    """Walk the messages up to the end of a stream. A frame is a whole stream."""
    walked = 0

    def scan(buffer: bytearray, start: int) -> int:
        nonlocal walked
        while start + walked + _PREFIX_BYTES <= len(buffer):
            size = _message_bytes(buffer, start + walked)
            if size == 0:
                length, walked = walked + _PREFIX_BYTES, 0
                return length
            if size < 0 or start + walked + size > len(buffer):
                return -1
            walked += size
        return -1

    return scan


def _message_bytes(buffer: bytearray, at: int) -> int:
    """Size of a message with its body; 0 at the end of a stream, -1 while metadata is missing."""
    prefix: tuple[int, int] = struct.unpack_from("<ii", buffer, at)
    continuation, size = prefix
    if continuation != _CONTINUATION or size < 0:
        raise ValueError("a message without its 0xFFFFFFFF")
    if size == 0:
        return 0
    if at + _PREFIX_BYTES + size > len(buffer):
        return -1
    start = at + _PREFIX_BYTES
    return _PREFIX_BYTES + size + _body_bytes(bytes(buffer[start : start + size]))


def _body_bytes(metadata: bytes) -> int:
    """Body size of a message that may be read."""
    message = _follow(metadata, 0)
    kind_at = _slot(metadata, message, _HEADER_TYPE_SLOT)
    kind = metadata[kind_at] if kind_at else 0
    if kind not in (_SCHEMA, _RECORD_BATCH):
        refuse("a schema or a record batch", f"message {kind}")
    header_at = _slot(metadata, message, _HEADER_SLOT)
    if not header_at:
        refuse("a message with a header", None)
    if kind == _RECORD_BATCH and _slot(metadata, _follow(metadata, header_at), _COMPRESSION_SLOT):
        raise ValueError("a compressed body")
    at = _slot(metadata, message, _BODY_LENGTH_SLOT)
    size: int = struct.unpack_from("<q", metadata, at)[0] if at else 0
    return size if size >= 0 else refuse("a body of a size", "a negative one")


def _follow(metadata: bytes, at: int) -> int:
    """Where an offset leads, which counts from where it stands."""
    offset: int = struct.unpack_from("<I", metadata, at)[0]
    return at + offset


def _slot(metadata: bytes, table: int, slot: int) -> int:
    """Where a field of a FlatBuffers table lies, 0 when it is not set."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    if vtable < 0:
        raise ValueError("a table without its vtable")
    entry = _VTABLE_HEAD_BYTES + _VTABLE_ENTRY_BYTES * slot
    if entry >= struct.unpack_from("<H", metadata, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", metadata, vtable + entry)[0]
    return table + offset if offset else 0


def _decode_batches(frame: bytes) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = []
    with pa.ipc.open_stream(pa.py_buffer(frame)) as reader:
        _check_schema(reader.schema)
        for batch in reader:
            # Places and sizes within the buffers are only right after this.
            batch.validate(full=True)
            batches.append(batch)
    return batches


def _types_of(schema: pa.Schema) -> tuple[str, _Types]:
    metadata = schema.metadata or {}
    event = metadata.get(b"ruvector.event", b"").decode()
    if event == "record":
        table = read_table(metadata.get(b"ruvector.table", b"").decode())
        return table, _RECORD_TYPES[table]
    if event == "gap":
        return event, _GAP_TYPES
    if event == "hello":
        return event, _HELLO_TYPES
    return refuse('metadata "ruvector.event"', event)


def _check_schema(schema: pa.Schema) -> None:
    _, types = _types_of(schema)
    first = next(iter(types))
    if first not in schema.names:
        # It has bytes in every row, so that rows are bounded by the size of the message.
        raise ValueError(f'no column "{first}"')
    if len(set(schema.names)) != len(schema.names):
        raise ValueError("two columns of one name")
    for field in schema:
        kind = types.get(field.name)
        if kind is not None and not _ARROW_TYPES[kind](field.type):
            refuse(f'column "{field.name}" as {kind}', str(field.type))


def _decode_events(frame: bytes) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    batches = _decode_batches(frame)
    if sum(batch.num_rows for batch in batches) > MAX_EVENTS:
        raise ValueError(f"a stream of more than {MAX_EVENTS} rows")
    for batch in batches:
        name, types = _types_of(batch.schema)
        rows = _to_rows(batch, types)
        if name == "gap":
            events += [_to_gap(row) for row in rows]
        elif name == "hello":
            events.append(_to_hello(rows))
        else:
            events += [_to_record(name, row) for row in rows]
    return events


def _to_rows(batch: pa.RecordBatch, types: _Types) -> list[dict[str, Any]]:
    columns = {name: _values_of(batch, name, kind) for name, kind in types.items()}
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _values_of(batch: pa.RecordBatch, name: str, kind: ColumnType) -> list[Any]:
    index = batch.schema.get_field_index(name)
    if index < 0:
        return [None] * batch.num_rows
    column = batch.column(index)
    if kind != "timestamp":
        values: list[Any] = column.to_pylist()
        return values
    # By itself pyarrow gives whichever UTC object is installed.
    milliseconds = column.cast(pa.int64()).to_pylist()
    return [
        None if ms is None else to_datetime(ms // 1000, ms % 1000 * 1000) for ms in milliseconds
    ]


def _to_record(table: Any, row: dict[str, Any]) -> StreamRecord:  # noqa: ANN401  checked
    sequence = read_count(row.pop("sequence"))
    if row["timestamp"] is None:
        refuse("a record with a timestamp", None)
    return StreamRecord(table, sequence, row)


def _to_gap(row: dict[str, Any]) -> StreamGap:
    return StreamGap(
        read_table(row["table"]),
        read_count(row["from_sequence"]),
        read_count(row["to_sequence"]),
        read_count(row["dropped"]),
        read_reason(row["reason"]),
    )


def _to_hello(rows: list[dict[str, Any]]) -> StreamHello:
    if not rows or rows[0]["epoch"] is None:
        refuse("a hello with an epoch", None)
    return StreamHello(
        rows[0]["epoch"],
        tuple(read_table(row["table"]) for row in rows),
        rows[0]["anonymized"] is True,
        _by_table(rows, "sequence"),
        _by_table(rows, "timestamp"),
        _by_table(rows, "repeats"),
    )


def _by_table(rows: list[dict[str, Any]], column: str) -> dict[Any, Any]:
    return {row["table"]: row[column] for row in rows if row[column] is not None}
