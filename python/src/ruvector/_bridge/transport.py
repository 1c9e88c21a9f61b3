"""The seam between the client and whatever carries its requests, and a mock for tests.

:class:`MockTransport` answers from Python functions, so that code which uses a client can be
tested without a daemon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .._buffer import Buffer
from .._exceptions import RuvectorError, UnknownNameError
from .._frames import to_pandas, to_polars

__all__ = ["BatchStream", "MockTransport", "OnProgress", "Reply", "Transport"]

Json = Any  # any JSON value
Params = Mapping[str, Json]
OnProgress = Callable[[Json], None]


@dataclass(frozen=True)
class Reply:
    """Answer to a request.

    Attributes
    ----------
    result : object
        JSON value.
    attachments : sequence of bytes
        Bulk that came with it.

    """

    result: Any
    attachments: Sequence[Buffer] = ()


class BatchStream(ABC):
    """Record batches in order; iterate once, close early by leaving the ``with`` block.

    A batch is acknowledged when the next one is asked for, so a slow reader slows the daemon
    down and memory stays bounded by the window. A batch that is kept stays as it is: its slot of
    shared memory is used again only when nothing looks at it any more.

    Attributes
    ----------
    schema : pyarrow.Schema
        Known before the first batch.
    meta : object
        JSON value the source gave.
    transport : str
        How batches come: ``shared`` (slots of memory that both sides have mapped; small batches
        still come as messages), ``written`` (the same, with a copy more), ``ipc`` or ``tcp``
        (messages of ZeroMQ), ``mock``.
    transport_reason : str or None
        Why it is not ``shared``.

    """

    schema: pa.Schema
    meta: Any
    transport: str = "mock"
    transport_reason: str | None = None

    def __repr__(self) -> str:
        why = f", because {self.transport_reason}" if self.transport_reason else ""
        return f"<{type(self).__name__} of {len(self.schema)} columns by {self.transport!r}{why}>"

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    @abstractmethod
    def __next__(self) -> pa.RecordBatch:
        """Next batch."""

    @abstractmethod
    def close(self) -> None:
        """End the stream; the daemon closes its source. Twice is once."""

    def to_pandas(self) -> Any:  # noqa: ANN401  pandas is not a dependency
        """All remaining batches as a pandas.DataFrame."""
        return to_pandas(self.read_all())

    def to_polars(self) -> Any:  # noqa: ANN401  polars is not a dependency
        """All remaining batches as a polars.DataFrame."""
        return to_polars(self.read_all())

    def read_all(self, *, on_rows: Callable[[int], None] | None = None) -> pa.Table:
        """All remaining batches as a table; columns stay where they arrived.

        Parameters
        ----------
        on_rows : callable, optional
            Told the number of rows of each batch as it comes.

        """
        batches = []
        for batch in self:
            batches.append(batch)
            if on_rows is not None:
                on_rows(batch.num_rows)
        return pa.Table.from_batches(batches, schema=self.schema)

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Transport(ABC):
    """Carries requests and streams. Implemented by ZeroMQ and by the mock."""

    @abstractmethod
    def request(
        self, name: str, params: Json, attachments: Sequence[Buffer], on_progress: OnProgress | None
    ) -> Reply:
        """Send a request and wait for its reply."""

    @abstractmethod
    def stream(
        self, name: str, params: Params, window: int | None = None, timeout: float | None = None
    ) -> BatchStream:
        """Open a stream and wait for its schema; ``timeout`` limits the wait for each batch."""

    @abstractmethod
    def close(self) -> None:
        """Release everything. Twice is once."""


MockHandler = Callable[[Json, Sequence[Buffer]], Any]
MockSource = Callable[[Params], "pa.Table | Iterable[pa.RecordBatch]"]


class MockTransport(Transport):
    """A daemon made of functions.

    Parameters
    ----------
    requests : mapping of name to ``handler(params, attachments)``
        Returns the result, or a :class:`Reply` with attachments, or raises.
    streams : mapping of name to ``source(params)``
        Returns a pyarrow.Table, or a sequence of record batches.
    meta : mapping of stream name to JSON value, optional
        What ``stream.meta`` shows.
    progress : mapping of request name to sequence of JSON values, optional
        What a request tells ``on_progress``.

    Examples
    --------
    >>> transport = MockTransport(requests={"status": lambda params, attachments: {"rows": 3}})
    >>> Client(transport=transport).status()
    {'rows': 3}

    """

    def __init__(
        self,
        requests: Mapping[str, MockHandler] | None = None,
        streams: Mapping[str, MockSource] | None = None,
        meta: Mapping[str, Any] | None = None,
        progress: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        self.requests = dict(requests or {})
        self.streams = dict(streams or {})
        self.meta = dict(meta or {})
        self.progress = dict(progress or {})
        self.calls: list[tuple[str, Any]] = []
        self.closed = False

    def request(
        self, name: str, params: Json, attachments: Sequence[Buffer], on_progress: OnProgress | None
    ) -> Reply:
        """Call the handler."""
        self.calls.append((name, params))
        handler = self._find(self.requests, name, "request")
        answer = handler(params, attachments)
        if on_progress is not None:
            for news in self.progress.get(name, ()):
                on_progress(news)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def stream(
        self, name: str, params: Params, window: int | None = None, timeout: float | None = None
    ) -> BatchStream:
        """Call the source."""
        self.calls.append((name, params))
        source = self._find(self.streams, name, "stream")
        return _MockBatches(source(params), self.meta.get(name))

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    @staticmethod
    def _find(table: Mapping[str, Any], name: str, what: str) -> Callable[..., Any]:
        if name in table:
            found: Callable[..., Any] = table[name]
            return found
        raise UnknownNameError(
            f'Cannot serve {what} "{name}": it is not known; known are {", ".join(sorted(table))}',
            code=f"ERR_WIRE_UNKNOWN_{what.upper()}",
        )


class _MockBatches(BatchStream):
    def __init__(self, source: pa.Table | Iterable[pa.RecordBatch], meta: object) -> None:
        batches = source.to_batches() if isinstance(source, pa.Table) else list(source)
        if not batches and not isinstance(source, pa.Table):
            raise RuvectorError("Cannot mock a stream: no batches; give an empty table instead")
        self.schema = source.schema if isinstance(source, pa.Table) else batches[0].schema
        self.meta = meta
        self._batches: Iterator[pa.RecordBatch] | None = iter(batches)

    def __next__(self) -> pa.RecordBatch:
        if self._batches is None:
            raise StopIteration
        return next(self._batches)

    def close(self) -> None:
        self._batches = None
