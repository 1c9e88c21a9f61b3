"""The four formats of a data stream, read. docs/streams.md, "Formats", is their specification.

What a byte stream is cut into, and what one frame holds::

    jsonlines  a JSON object in UTF-8 and 0x0a: an event; an empty line is nothing
    msgpack    one map: an event; the library finds its end
    protobuf   varint n, then n bytes of a DataEvent: an event (protobuf.py)
    arrow      an Arrow IPC stream up to its end: events of one kind and table (arrow.py)

``test/golden/stream`` holds vectors that this module and the TypeScript encoder share. Hostile
bytes give events or a :class:`ProtocolError`; they are never kept beyond the largest message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from .._buffer import Buffer
from .._exceptions import StreamRequestError
from .arrow import ArrowCodec
from .decoder import (
    MAX_MESSAGE_BYTES,
    FrameDecoder,
    Scan,
    decode_whole,
    refuse,
)
from .events import StreamEvent
from .plain import PlainReader, json_readers, msgpack_readers
from .protobuf import decode_delimited, scan_delimited

__all__ = ["StreamCodec", "StreamDecoder", "create_codec"]

# Larger lists and maps are refused: no table has as many columns.
_MAX_ENTRIES = 4096
_FEED_BYTES = 2**20


class StreamDecoder(Protocol):
    """Decodes a byte stream."""

    def push(self, data: Buffer) -> list[StreamEvent]:
        """Take the next bytes and return the events that are complete now."""

    def end(self) -> None:
        """Say that no more bytes come; raises ProtocolError when an event was cut short."""


class StreamCodec(Protocol):
    """Bytes of one format into events."""

    def decode(self, message: Buffer) -> list[StreamEvent]:
        """Decode a whole message; raises ProtocolError for anything else."""

    def create_decoder(self) -> StreamDecoder:
        """Start decoding a byte stream in pieces of any size."""


class _Codec:
    """A codec made of its decoder."""

    def __init__(
        self, stream_format: str, create: Callable[[], FrameDecoder[StreamEvent]], limit: int
    ) -> None:
        self.create_decoder = create
        self._format = stream_format
        self._limit = limit

    def decode(self, message: Buffer) -> list[StreamEvent]:
        return decode_whole(self._format, message, self.create_decoder(), self._limit)


def create_codec(stream_format: str, max_message_bytes: int = MAX_MESSAGE_BYTES) -> StreamCodec:
    """Create the codec of a format.

    Parameters
    ----------
    stream_format : {"jsonlines", "msgpack", "protobuf", "arrow"}
        MessagePack needs ``ruvector-memopt[streams]``.
    max_message_bytes : int, default 16 MiB
        Larger messages, and larger frames of a byte stream, are refused.

    Raises
    ------
    StreamRequestError
        There is no such format, or the package of MessagePack is missing.

    """
    limit = max_message_bytes
    if stream_format == "arrow":
        return ArrowCodec(limit)
    if stream_format == "jsonlines":
        decode_line = _decode_line(PlainReader(json_readers).read)
        return _Codec(
            stream_format,
            lambda: FrameDecoder(stream_format, _create_line_scan(), decode_line, limit),
            limit,
        )
    if stream_format == "protobuf":
        return _Codec(
            stream_format,
            lambda: FrameDecoder(stream_format, scan_delimited, decode_delimited, limit),
            limit,
        )
    if stream_format == "msgpack":
        msgpack = _import_msgpack()
        return _Codec(stream_format, lambda: _MsgpackDecoder(msgpack, limit), limit)
    raise StreamRequestError(
        f'Cannot read stream as "{stream_format}": there are jsonlines, msgpack, protobuf and arrow'
    )


def _create_line_scan() -> Scan:
    scanned = 0

    def scan(buffer: bytearray, start: int) -> int:
        nonlocal scanned
        at = buffer.find(b"\n", start + scanned)
        scanned = len(buffer) - start if at < 0 else 0
        return -1 if at < 0 else at + 1 - start

    return scan


def _decode_line(read: Callable[[object], StreamEvent]) -> Callable[[bytes], list[StreamEvent]]:
    def decode(frame: bytes) -> list[StreamEvent]:
        text = frame.decode("utf-8").strip(" \t\r\n")
        return [read(json.loads(text, parse_constant=_refuse_constant))] if text else []

    return decode


def _refuse_constant(name: str) -> NoReturn:
    refuse("JSON", name)


def _import_msgpack() -> Any:  # noqa: ANN401  an untyped library
    try:
        import msgpack
    except ImportError as error:
        raise StreamRequestError(
            'Cannot read stream as "msgpack": the package msgpack is missing; pip install msgpack'
        ) from error
    return msgpack


class _MsgpackDecoder(FrameDecoder[StreamEvent]):
    """The library finds the frames: it keeps the bytes of a value until all of it is there."""

    def __init__(self, msgpack: Any, limit: int) -> None:  # noqa: ANN401  an untyped library
        super().__init__("msgpack", lambda _buffer, _start: -1, lambda _frame: [], limit)
        self._read = PlainReader(msgpack_readers).read
        self._fed = 0
        self._read_bytes = 0
        self._unpacker = msgpack.Unpacker(
            timestamp=3,
            max_buffer_size=limit + _FEED_BYTES,
            max_array_len=_MAX_ENTRIES,
            max_map_len=_MAX_ENTRIES,
        )

    def _take(self, data: Buffer) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        view = memoryview(data)
        for start in range(0, len(view), _FEED_BYTES):
            piece = view[start : start + _FEED_BYTES]
            self._unpacker.feed(piece)
            self._fed += len(piece)
            for plain in self._unpacker:
                end = self._unpacker.tell()
                self._check_size(end - self._read_bytes)
                self._read_bytes = end
                events.append(self._read(plain))
            self._check_size(self._held())
        return events

    def _held(self) -> int:
        # tell() counts the bytes of a value that is not whole as well.
        return self._fed - self._read_bytes
