"""Record batches of a connection: credit, sequence, ACK, BYE. docs/protocol.md.

Their bytes are in the messages, or in shared memory that the messages name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from .._buffer import Buffer
from .._exceptions import (
    ProtocolError,
    RuvectorError,
    WireError,
    WireTimeoutError,
    error_from_payload,
)
from .._fork import OfThisProcess
from .connection import Connection
from .protocol import PROTOCOL_VERSION, Message, MessageType
from .shared_batches import RingRefusedError, SharedBatches, offer_shared_memory
from .transport import BatchStream

__all__ = ["BatchReader"]

_STREAM_ID = 1
# Without a window of the caller's own: room for about this much, within bounds.
_WINDOW_BYTES = 16 * 2**20
_MIN_WINDOW = 4
_MAX_WINDOW = 256
_BYE_TIMEOUT_S = 1.0


class BatchReader(OfThisProcess, BatchStream):
    """Batches that are views of shared memory, or of bytes that ZeroMQ received: none is copied."""

    def __init__(
        self,
        connection: Connection,
        hello: Mapping[str, Any],
        *,
        window: int | None,
        timeout: float | None = None,
        transport: str,
        on_close: Callable[[BatchReader], None],
    ) -> None:
        self._connection = connection
        # Until the daemon says better.
        self.transport = transport
        self.transport_reason = "the daemon knows no shared memory, or this system has none"
        self._shared = SharedBatches()
        self._copies = False
        self._on_close = on_close
        self._timeout = timeout
        self._adapts = window is None
        self._set_window(_MIN_WINDOW if window is None else window)
        self._largest = 0
        self._unread: deque[pa.RecordBatch] = deque()
        self._received = 0
        self._acknowledged = 0
        self._ended = False
        # What ended it too early: who asks again must not take that for the end.
        self._failure: RuvectorError | None = None
        self._open(hello)

    def __next__(self) -> pa.RecordBatch:
        """Acknowledge what was read and wait for the next batch."""
        if self._unread:
            return self._unread.popleft()
        try:
            return self._next()
        except WireTimeoutError:
            raise  # nothing is lost: the next call waits again
        except RuvectorError as error:
            self._failure = error
            raise

    def _next(self) -> pa.RecordBatch:
        if self._failure is not None:
            raise self._failure
        while not self._ended:
            if self._received - self._acknowledged >= self._ack_every:
                self._acknowledge()
            message = self._receive()
            if message.type is not MessageType.BATCH:
                self._take_control(message)
                continue
            self._take(message)
            if self._unread:
                return self._unread.popleft()
        raise StopIteration

    def read_all(self, *, on_rows: Callable[[int], None] | None = None) -> pa.Table:
        """All remaining batches as a table of the caller's own, which holds no shared memory."""
        self._copies = True
        return super().read_all(on_rows=on_rows)

    def abandon(self, reason: WireError) -> None:
        """End because the connection ends: a loop that is not through raises the reason."""
        if not self._ended:
            self._failure = reason
        self.close()

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
        payload = {"protocol": PROTOCOL_VERSION, **hello, **offer_shared_memory()}
        self._connection.send(
            Message(MessageType.HELLO, _STREAM_ID, correlation=self._window, payload=payload)
        )
        reply = self._receive()
        if reply.type is MessageType.ERROR:
            raise error_from_payload(reply.payload)
        if reply.type is not MessageType.HELLO or not reply.attachments:
            raise _unexpected(reply)
        fields = reply.payload or {}
        self.meta = fields.get("meta")
        if "transport" in fields:
            self._note_transport(fields["transport"])
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
        payload = message.payload or {}
        if self._shared.is_refused(payload):
            return  # it comes again, as a message
        count, expected = message.correlation, self._received + message.correlation
        if message.sequence != expected or not (message.attachments or "epoch" in payload):
            self._end()
            raise ProtocolError(
                f"Cannot continue stream: batch {message.sequence} came where {expected} was due; "
                "report this as a bug",
                code="ERR_WIRE_SEQUENCE",
            )
        try:
            content = self._content(message, payload)
            self._unread.extend(_read_batches(content, count, self.schema))
        except RingRefusedError as refusal:
            self._refuse(refusal)
            return
        except (pa.ArrowException, OSError, ValueError) as error:
            self._end()
            raise ProtocolError(
                f"Cannot decode batch {message.sequence}: {error}; report this as a bug",
                code="ERR_WIRE_BATCH",
            ) from error
        except ProtocolError:
            self._end()
            raise
        self._received = expected
        self._adapt(len(content) // count)

    def _content(self, message: Message, payload: Mapping[str, Any]) -> Buffer:
        """Bytes of a BATCH, wherever they are."""
        if message.attachments:
            if "transport" in payload:
                self._note_transport(payload["transport"])
            return message.attachments[0]
        content = self._shared.view(message.sequence, payload)
        return bytes(content) if self._copies else content

    def _refuse(self, refusal: RingRefusedError) -> None:
        """Ask for the batches of an epoch as messages."""
        fields = {"unmapped": refusal.epoch, "reason": refusal.reason}
        self._send_ack({**fields, "held": self._shared.held(self._received)})

    def _note_transport(self, choice: Mapping[str, Any]) -> None:
        self.transport = str(choice["kind"])
        self.transport_reason = choice.get("reason")

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
        # With another number, neither is the end of what came.
        is_whole = message.sequence == self._received
        if message.type is MessageType.DRAIN and is_whole:
            self._acknowledge()
        elif message.type is MessageType.BYE and is_whole:
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
        held = self._shared.held(self._received)
        self._send_ack({"held": held} if held else None)

    def _send_ack(self, payload: Mapping[str, Any] | None) -> None:
        self._acknowledged = self._received
        limit = self._received + self._window
        self._connection.send(Message(MessageType.ACK, _STREAM_ID, self._received, limit, payload))

    def _say_bye(self) -> None:
        self._connection.send(Message(MessageType.BYE, _STREAM_ID, self._received))
        while True:
            message = self._connection.receive(_BYE_TIMEOUT_S)
            if message.type in (MessageType.BYE, MessageType.ERROR):
                return

    def _end(self) -> None:
        self._ended = True
        self._unread.clear()
        self._shared.close()
        self._connection.close()
        self._on_close(self)


def _read_batches(frame: Buffer, count: int, schema: pa.Schema) -> list[pa.RecordBatch]:
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
