"""Record batches over a connection: credit, sequence, ACK, BYE. docs/protocol.md."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from .._exceptions import ProtocolError, WireError, WireTimeoutError, error_from_payload
from .connection import Connection
from .protocol import PROTOCOL_VERSION, Message, MessageType
from .transport import BatchStream

__all__ = ["BatchReader"]

_STREAM_ID = 1
# Without a window of the caller's own: room for about this much, within bounds.
_WINDOW_BYTES = 8 * 2**20
_MIN_WINDOW = 4
_MAX_WINDOW = 256
_BYE_TIMEOUT_S = 1.0


class BatchReader(BatchStream):
    """Batches that are views of the bytes that ZeroMQ received: nothing is copied."""

    def __init__(
        self,
        connection: Connection,
        hello: Mapping[str, Any],
        *,
        window: int | None,
        timeout: float | None = None,
        on_close: Callable[[BatchReader], None],
    ) -> None:
        self._connection = connection
        self._on_close = on_close
        self._timeout = timeout
        self._adapts = window is None
        self._set_window(_MIN_WINDOW if window is None else window)
        self._largest = 0
        self._unread: deque[pa.RecordBatch] = deque()
        self._received = 0
        self._acknowledged = 0
        self._ended = False
        self._open(hello)

    def __next__(self) -> pa.RecordBatch:
        """Acknowledge what was read and wait for the next batch."""
        while not self._ended:
            if self._unread:
                return self._unread.popleft()
            if self._received - self._acknowledged >= self._ack_every:
                self._acknowledge()
            message = self._receive()
            if message.type is MessageType.BATCH:
                self._take(message)
            else:
                self._take_control(message)
        raise StopIteration

    def close(self) -> None:
        """End early; the daemon's BYE says that its source is closed."""
        try:
            if not self._ended:
                self._say_bye()
        except WireError:
            pass  # the daemon is gone or slow; it ends all the same
        finally:
            self._end()

    def __del__(self) -> None:
        # Without a handshake: a destructor must not wait. The daemon sees the connection end.
        if hasattr(self, "_ended") and not self._ended:
            self._end()

    def _open(self, hello: Mapping[str, Any]) -> None:
        payload = {"protocol": PROTOCOL_VERSION, **hello}
        self._connection.send(
            Message(MessageType.HELLO, _STREAM_ID, correlation=self._window, payload=payload)
        )
        reply = self._receive()
        if reply.type is MessageType.ERROR:
            raise error_from_payload(reply.payload)
        if reply.type is not MessageType.HELLO or not reply.attachments:
            raise _unexpected(reply)
        self.meta = (reply.payload or {}).get("meta")
        self.schema = _read_schema(reply.attachments[0])

    def _receive(self) -> Message:
        """Next message; what was read is acknowledged before waiting for it."""
        try:
            message = self._connection.receive_now()
            if message is not None:
                return message
            self._acknowledge()
            return self._connection.receive(self._timeout)
        except WireTimeoutError:
            raise  # nothing is lost: the next call waits again
        except WireError:
            self._end()
            raise

    def _take(self, message: Message) -> None:
        count, expected = message.correlation, self._received + message.correlation
        if message.sequence != expected or not message.attachments:
            self._end()
            raise ProtocolError(
                f"Cannot continue stream: batch {message.sequence} came where {expected} was due; "
                "report this as a bug",
                code="ERR_WIRE_SEQUENCE",
            )
        try:
            self._unread.extend(_read_batches(message.attachments[0], count, self.schema))
        except (pa.ArrowException, OSError, ValueError) as error:
            self._end()
            raise ProtocolError(
                f"Cannot decode batch {message.sequence}: {error}; report this as a bug",
                code="ERR_WIRE_BATCH",
            ) from error
        self._received = expected
        self._adapt(len(message.attachments[0]) // count)

    def _adapt(self, batch_bytes: int) -> None:
        if not self._adapts or batch_bytes <= self._largest:
            return
        self._largest = batch_bytes
        self._set_window(min(_MAX_WINDOW, max(_MIN_WINDOW, _WINDOW_BYTES // batch_bytes)))

    def _set_window(self, window: int) -> None:
        self._window = max(1, window)
        # Every ACK costs both sides some microseconds: one for a quarter of the window.
        self._ack_every = max(1, self._window // 4)

    def _take_control(self, message: Message) -> None:
        if message.type is MessageType.DRAIN and message.sequence == self._received:
            self._acknowledge()
        elif message.type is MessageType.BYE:
            self._connection.send(Message(MessageType.BYE, _STREAM_ID, self._received))
            self._end()
        else:
            self._end()
            if message.type is MessageType.ERROR:
                raise error_from_payload(message.payload)
            raise _unexpected(message)

    def _acknowledge(self) -> None:
        if self._acknowledged == self._received:
            return
        self._acknowledged = self._received
        limit = self._received + self._window
        self._connection.send(
            Message(MessageType.ACK, _STREAM_ID, sequence=self._received, correlation=limit)
        )

    def _say_bye(self) -> None:
        self._connection.send(Message(MessageType.BYE, _STREAM_ID, self._received))
        while True:
            message = self._connection.receive(_BYE_TIMEOUT_S)
            if message.type in (MessageType.BYE, MessageType.ERROR):
                return

    def _end(self) -> None:
        self._ended = True
        self._connection.close()
        self._on_close(self)


def _read_batches(frame: Any, count: int, schema: pa.Schema) -> list[pa.RecordBatch]:  # noqa: ANN401
    """Batches that lie one behind the other; all are views of the frame and keep it alive."""
    buffer = pa.py_buffer(frame)
    if count == 1:
        return [pa.ipc.read_record_batch(pa.ipc.read_message(buffer), schema)]
    reader = pa.BufferReader(buffer)
    return [pa.ipc.read_record_batch(pa.ipc.read_message(reader), schema) for _ in range(count)]


def _read_schema(frame: Any) -> pa.Schema:  # noqa: ANN401  any buffer
    try:
        return pa.ipc.read_schema(pa.py_buffer(frame))
    except (pa.ArrowException, OSError) as error:
        raise ProtocolError(
            f"Cannot decode schema: {error}; report this as a bug", code="ERR_WIRE_BATCH"
        ) from error


def _unexpected(message: Message) -> ProtocolError:
    return ProtocolError(
        f"Cannot continue stream: {message.type.name} came, which does not belong here",
        code="ERR_WIRE_TYPE",
    )
