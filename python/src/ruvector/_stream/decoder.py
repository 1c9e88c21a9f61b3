"""Bytes of a data stream in pieces of any size: whole frames, and what every format checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NoReturn, TypeAlias, TypeVar

from .._buffer import Buffer
from .._exceptions import ProtocolError, RuvectorError

__all__ = ["MAX_EVENTS", "MAX_MESSAGE_BYTES", "FrameDecoder", "Scan"]
__all__ += ["decode_whole", "malformed", "refuse"]

_T = TypeVar("_T")
_R = TypeVar("_R")

MAX_MESSAGE_BYTES = 16 * 2**20

# A few bytes stand for a whole row, so that the size alone would allow gigabytes of rows.
MAX_EVENTS = 2**18
_PIECE_BYTES = 2**16

Scan: TypeAlias = Callable[[bytearray, int], int]
"""Length of the frame that begins at a place of the buffer, -1 while it is not whole. Called again
with the same frame and more bytes it goes on where it stopped."""


def malformed(stream_format: str, state: str) -> ProtocolError:
    """Build the error of bytes that are not a message of the format."""
    return ProtocolError(
        f'Cannot decode stream as "{stream_format}": {state}; see docs/streams.md',
        code="ERR_WIRE_STREAM_DECODE",
        details={"format": stream_format},
    )


def refuse(expected: str, value: object) -> NoReturn:
    """Raise the error of a value; the decoder makes it one of the stream."""
    text = repr(value[:40]) if isinstance(value, str) else type(value).__name__
    raise ValueError(f"{expected} is needed, not {text}")


class FrameDecoder(Generic[_T]):
    """Decodes a byte stream. After an error it stays failed: the borders of frames are lost.

    Parameters
    ----------
    stream_format : str
        For error texts.
    scan : callable
        Finds the end of a frame.
    decode_frame : callable
        What a whole frame holds.
    max_frame_bytes : int
        Larger frames are refused.

    """

    def __init__(
        self,
        stream_format: str,
        scan: Scan,
        decode_frame: Callable[[bytes], list[_T]],
        max_frame_bytes: int,
    ) -> None:
        self._format = stream_format
        self._scan = scan
        self._decode_frame = decode_frame
        self._max_frame_bytes = max_frame_bytes
        self._buffer = bytearray()
        self._failure: RuvectorError | None = None

    def push(self, data: Buffer) -> list[_T]:
        """Take the next bytes and return what is complete now.

        Raises
        ------
        ProtocolError
            With code ``ERR_WIRE_STREAM_DECODE``, for bytes that are not of the format.

        """
        return self._guard(lambda: self._take(data))

    def end(self) -> None:
        """Say that no more bytes come.

        Raises
        ------
        ProtocolError
            An event was cut short.

        """
        if self._failure is not None:
            raise self._failure
        if self._held() > 0:
            raise malformed(self._format, "the stream ends within an event")

    def _take(self, data: Buffer) -> list[_T]:
        self._buffer += data
        found: list[_T] = []
        start = 0
        while start < len(self._buffer):
            length = self._scan(self._buffer, start)
            if length < 0:
                break
            self._check_size(length)
            found += self._decode_frame(bytes(memoryview(self._buffer)[start : start + length]))
            start += length
        self._check_size(len(self._buffer) - start)
        del self._buffer[:start]
        return found

    def _held(self) -> int:
        return len(self._buffer)

    def _check_size(self, size: int) -> None:
        if size > self._max_frame_bytes:
            raise malformed(self._format, f"an event of more than {self._max_frame_bytes} bytes")

    def _guard(self, run: Callable[[], _R]) -> _R:
        if self._failure is not None:
            raise self._failure
        try:
            return run()
        except RuvectorError as error:
            self._failure = error
            raise
        except Exception as error:
            # Hostile bytes may end in any error of the libraries below, RecursionError included.
            self._failure = malformed(self._format, str(error) or type(error).__name__)
            raise self._failure from error


def decode_whole(
    stream_format: str, message: Buffer, decoder: FrameDecoder[_T], max_message_bytes: int
) -> list[_T]:
    """Decode a whole message with a decoder of its own.

    Raises
    ------
    ProtocolError
        It is not a whole message, or too large.

    """
    if len(message) > max_message_bytes:
        raise malformed(stream_format, f"a message of {len(message)} bytes")
    view = memoryview(message)
    found: list[_T] = []
    for start in range(0, len(view), _PIECE_BYTES):
        found += decoder.push(view[start : start + _PIECE_BYTES])
        if len(found) > MAX_EVENTS:
            raise malformed(stream_format, f"a message of more than {MAX_EVENTS} events")
    decoder.end()
    return found
