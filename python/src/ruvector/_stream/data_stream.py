"""Read a live data stream: typed rows over any transport and format, continuing after a loss."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal, Protocol, TypeAlias

import pyarrow as pa

from .._buffer import Buffer
from .._exceptions import ProtocolError, StreamRequestError
from .._parameters import (
    FUNCTION,
    PATH,
    TEXT,
    TEXTS,
    Wanted,
    number,
    sequence,
    takes,
    text,
    without_none,
)
from .batches import BatchDecoder, StreamPart, table_of, take_batch
from .codecs import create_codec
from .events import StreamEvent, StreamGap, StreamHello, StreamRecord, StreamTable
from .progress import StreamPosition, StreamProgress
from .rows import MemorySnapshot, OptimizationEvent, ProcessRecord
from .source import ByteSource, lost
from .subscription import Subscription
from .transports import open_source

__all__ = ["DataStream", "StreamFilter"]

_CONNECT_TIMEOUT_S = 5.0
_POSITION = {"epoch", "sequences", "timestamps", "repeats"}


def _is_filter(value: Any) -> bool:  # noqa: ANN401
    is_text = isinstance(value, str)
    return is_text or (
        isinstance(value, tuple)
        and [type(each) for each in value[:2]] == [str, str]
        and len(value) == 3
    )


def _is_limit(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Real) and not isinstance(value, bool) and float(value) >= 0


Format: TypeAlias = Literal["jsonlines", "msgpack", "protobuf", "arrow"]
StreamFilter: TypeAlias = str | tuple[str, str, "float | str | bool"]
"""``"used_percent>90"`` or ``("used_percent", ">", 90)``; operators are == != < <= > >=."""


class DataStream:
    """A stream that the daemon, or ``ruvector-memopt export --stream``, serves.

    Each subscription is a connection of its own, with its own filters and position. A connection
    that ends is made again and continues after the last record, so that nothing is lost or comes
    twice as long as the server still holds it; what it holds no more comes as a gap. When no new
    connection can be made, a stream that the server had ended just ends, and one that was lost
    raises :class:`ConnectionLostError`.

    Parameters
    ----------
    endpoint : str
        ``ws://127.0.0.1:9999``, ``wss://host:9999``, ``tcp://127.0.0.1:9999``, ``ipc:///path`` or
        ``pipe:/path``.
    format : {"jsonlines", "msgpack", "protobuf", "arrow"}, default "jsonlines"
        Of a pipe the one it is served in. MessagePack and WebSocket need
        ``ruvector-memopt[streams]``.
    tables : sequence of {"memory", "process", "optimization"}, optional
        What :meth:`subscribe_all` gives. All by default.
    filters : sequence of str or tuple, optional
        Conditions that must all hold, such as ``"used_percent>90"``. Each applies to the tables
        that have its column.
    interval : float, default 0
        At least this many seconds between two samples of a table; 0 is every sample.
    overflow : {"drop-oldest", "block", "spill"}, optional
        What the server does with records that come faster than they are read: drop the oldest
        and count them as a gap (its default), keep its own pace and send what the history holds
        later, or keep them on disk.
    after : StreamPosition, optional
        Continue after this position of an earlier :attr:`Subscription.position`.
    token : str, optional
        Of a server that asks for one.
    ca : path, optional
        PEM file of the CAs that the certificate of a ``wss://`` server may come from. By default
        those of this system.
    timeout : float, optional
        Seconds to wait for a record before :class:`WireTimeoutError`. By default without limit.
    reconnect : float, optional
        Seconds in which a connection that ended is tried again; 0 ends with the connection. By
        default without limit.
    on_gap : callable, optional
        Called with each :class:`StreamGap`. Without it a gap is a RuntimeWarning.

    Examples
    --------
    >>> with DataStream("ws://127.0.0.1:9999", format="arrow") as stream:  # doctest: +SKIP
    ...     for row in stream.subscribe_memory():
    ...         print(row["timestamp"], row["used_percent"])

    """

    @takes(
        endpoint=text('an address such as "ws://127.0.0.1:9999"'),
        format=text('"jsonlines", "msgpack", "protobuf" or "arrow"'),
        tables=TEXTS,
        filters=sequence('a list of conditions such as "used_percent>90"', _is_filter),
        interval=number("seconds of at least 0", 0),
        overflow=text('"drop-oldest", "block" or "spill"'),
        after=Wanted(
            "the position of an earlier subscription",
            lambda value: isinstance(value, Mapping) and set(value) >= _POSITION,
        ),
        token=TEXT,
        ca=PATH,
        timeout=number("seconds of at least 0", 0),
        reconnect=Wanted("seconds of at least 0, or math.inf", _is_limit),
        on_gap=FUNCTION,
    )
    def __init__(
        self,
        endpoint: str,
        format: Format = "jsonlines",
        *,
        tables: Sequence[StreamTable] | None = None,
        filters: Sequence[StreamFilter] = (),
        interval: float = 0.0,
        overflow: Literal["drop-oldest", "block", "spill"] | None = None,
        after: StreamPosition | None = None,
        token: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        reconnect: float = math.inf,
        on_gap: Callable[[StreamGap], None] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.format = format
        self._tables = tables
        self._asked = without_none(
            {
                "filters": [_to_filter(condition) for condition in filters] or None,
                "interval_ms": round(interval * 1000) or None,
                "overflow": overflow,
            }
        )
        self._after = after
        self._token = token
        self._ca = ca
        self._timeout = timeout
        self._reconnect = reconnect
        self._on_gap = on_gap
        self._open: weakref.WeakSet[Subscription[Any]] = weakref.WeakSet()

    def subscribe_memory(self) -> Subscription[MemorySnapshot]:
        """Subscribe to memory snapshots, from now on or after the position.

        Raises
        ------
        NoDaemonError
            Nothing listens at the endpoint.
        AuthenticationError, StreamRequestError, StreamServerError
            The server refuses; the text names every mistake.

        """
        return self._rows("memory")

    def subscribe_processes(self) -> Subscription[ProcessRecord]:
        """Subscribe to processes, otherwise as :meth:`subscribe_memory`."""
        return self._rows("process")

    def subscribe_optimizations(self) -> Subscription[OptimizationEvent]:
        """Subscribe to actions of the optimizer, otherwise as :meth:`subscribe_memory`."""
        return self._rows("optimization")

    def subscribe_all(self) -> Subscription[StreamRecord]:
        """Subscribe to all tables, or to ``tables``: records with table, number and row."""
        return self._subscribe(self._tables, _take_record)

    @takes(table=text('"memory", "process" or "optimization"'))
    def batches(self, table: StreamTable = "memory") -> Subscription[pa.RecordBatch]:
        """Subscribe to one table in record batches of what came at once; ``arrow`` only.

        Columns are those of the stream after ``sequence``; no row becomes a Python object.
        """
        if self.format != "arrow":
            raise StreamRequestError(
                f'Cannot read batches as "{self.format}": only Arrow has columns; use '
                'DataStream(…, format="arrow")'
            )
        return self._subscribe([table], take_batch, batches=True)

    def close(self) -> None:
        """End every subscription. Twice is once."""
        for subscription in list(self._open):
            subscription.close()

    def __enter__(self) -> DataStream:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _rows(self, table: StreamTable) -> Subscription[Any]:
        return self._subscribe([table], _take_row)

    def _subscribe(
        self,
        tables: Sequence[StreamTable] | None,
        take: Callable[[StreamProgress, Any], Any],
        *,
        batches: bool = False,
    ) -> Subscription[Any]:
        wanted = None if tables is None else list(tables)
        request = without_none({**self._asked, "tables": wanted, "format": self.format})
        create = BatchDecoder if batches else create_codec(self.format).create_decoder

        def connect(after: StreamPosition | None) -> _DecodedConnection:
            asked = without_none({**request, "after": after})
            source = open_source(
                self.endpoint, asked, token=self._token, timeout=_CONNECT_TIMEOUT_S, ca=self._ca
            )
            return _DecodedConnection(self.endpoint, source, create, wanted)

        subscription: Subscription[Any] = Subscription(
            connect,
            take,
            after=self._after,
            timeout=self._timeout,
            reconnect=self._reconnect,
            on_gap=self._on_gap,
        )
        self._open.add(subscription)
        return subscription


class _Decoder(Protocol):
    def push(self, data: Buffer, /) -> Sequence[Any]: ...
    def end(self) -> None: ...


class _DecodedConnection:
    """A source and the decoder of its format."""

    def __init__(
        self,
        endpoint: str,
        source: ByteSource,
        create: Callable[[], _Decoder],
        tables: Sequence[str] | None,
    ) -> None:
        self._endpoint = endpoint
        self._source = source
        self._decoder = create()
        # A pipe carries what its server was told, whoever reads.
        self._tables = None if source.whole_messages else tables

    def receive(self, timeout: float) -> Sequence[Any] | None:
        piece = self._source.receive(timeout)
        if piece is None:
            self._check_end()
            return None
        events = self._decoder.push(piece)
        if self._source.whole_messages:
            self._decoder.end()
        if self._tables is None:
            return events
        of_tables = [_narrow(self._tables, event) for event in events]
        return [event for event in of_tables if event is not None]

    def close(self) -> None:
        self._source.close()

    def _check_end(self) -> None:
        """Take an end within an event for what it is: nobody ended this stream."""
        try:
            self._decoder.end()
        except ProtocolError as error:
            raise lost(self._endpoint, "it ends within an event") from error


def _narrow(tables: Sequence[str], event: StreamPart) -> StreamPart | None:
    """Take of an event what is about the tables."""
    if isinstance(event, StreamHello):
        return event._replace(tables=tuple(table for table in event.tables if table in tables))
    table = table_of(event) if isinstance(event, pa.RecordBatch) else event.table
    return event if table in tables else None


def _take_row(progress: StreamProgress, event: StreamEvent) -> Mapping[str, Any] | None:
    record = _take_record(progress, event)
    return None if record is None else record.row


def _take_record(progress: StreamProgress, event: StreamEvent) -> StreamRecord | None:
    is_new = progress.note(event)
    return event if is_new and isinstance(event, StreamRecord) else None


def _to_filter(condition: StreamFilter) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(condition, str):
        return condition
    column, op, value = condition
    return {"column": column, "op": op, "value": value}
