"""One subscription of a data stream: reads, counts, and connects again. Knows no bytes."""

from __future__ import annotations

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from .._exceptions import (
    ClientClosedError,
    ConnectionLostError,
    NoDaemonError,
    RuvectorError,
    StreamServerError,
    WireTimeoutError,
)
from .._fork import OfThisProcess
from .events import StreamGap, StreamHello
from .progress import StreamPosition, StreamProgress

__all__ = ["EventConnection", "Subscription"]

Item = TypeVar("Item")

# A wait is cut in slices, so that close() of another thread is heard.
_SLICE_S = 0.2
_CONNECT_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
# What another try may mend.
_PASSING = (
    ConnectionLostError,
    NoDaemonError,
    ClientClosedError,
    WireTimeoutError,
    StreamServerError,
)


class EventConnection(Protocol):
    """One connection that carries one subscription."""

    def receive(self, timeout: float) -> Sequence[Any] | None:
        """Events that came next, possibly none yet; None when the server ended the stream.

        Raises
        ------
        WireTimeoutError, ConnectionLostError, RuvectorError

        """

    def close(self) -> None:
        """Leave. Twice is once."""


class Subscription(OfThisProcess, Generic[Item]):
    """Iterates over what arrives; leave its ``with`` block or call :meth:`close` to end early.

    Attributes
    ----------
    hello : StreamHello or None
        What the server said first on the connection of now: tables, and whether it anonymises.
    gaps : int
        Gaps so far.
    dropped : int
        Records in them, as far as the server could count them.

    """

    def __init__(
        self,
        connect: Callable[[StreamPosition | None], EventConnection],
        take: Callable[[StreamProgress, Any], Item | None],
        *,
        after: StreamPosition | None,
        timeout: float | None,
        reconnect: float,
        on_gap: Callable[[StreamGap], None] | None,
    ) -> None:
        self.hello: StreamHello | None = None
        self.gaps = 0
        self.dropped = 0
        self._connect = connect
        self._take = take
        self._progress = StreamProgress(after)
        self._timeout = timeout
        self._reconnect = reconnect
        self._on_gap = on_gap
        self._events: deque[Any] = deque()
        self._closed = threading.Event()
        # What ended it too early: the next one who asks must not take it for the end.
        self._failure: RuvectorError | None = None
        # Held while reading: sockets belong to one thread at a time.
        self._reading = threading.RLock()
        self._connection: EventConnection | None = None
        self._open()

    @property
    def position(self) -> StreamPosition | None:
        """Where the last item was: what ``DataStream(after=…)`` takes, also in another process."""
        return self._progress.position

    def __iter__(self) -> Subscription[Item]:
        return self

    def __next__(self) -> Item:
        """Next item.

        Raises
        ------
        WireTimeoutError
            Nothing came in time; it may be asked again.
        ConnectionLostError
            The server went away and did not come back. Asked again, it says so again.

        """
        with self._reading:
            if self._failure is not None and not self._closed.is_set():
                raise self._failure
            while True:
                while self._events:
                    item = self._item(self._events.popleft())
                    if item is not None:
                        return item
                if self._connection is None or not self._fill_or_fail():
                    self._end()
                    raise StopIteration

    def close(self) -> None:
        """End. Twice is once; a thread that waits for an item hears it within a moment."""
        self._closed.set()
        if self._reading.acquire(timeout=2 * _SLICE_S):
            try:
                self._end()
            finally:
                self._reading.release()

    def __enter__(self) -> Subscription[Item]:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            with suppress(Exception):
                self._end()

    def _item(self, event: Any) -> Item | None:  # noqa: ANN401  any event
        if isinstance(event, StreamGap):
            self._progress.note(event)
            self._tell(event)
            return None
        if isinstance(event, StreamHello):
            self.hello = event
            for gap in self._progress.missed(event):
                self._tell(gap)
        return self._take(self._progress, event)

    def _tell(self, event: StreamGap) -> None:
        self.gaps += 1
        self.dropped += event.dropped
        if self._on_gap is not None:
            self._on_gap(event)
        else:
            warnings.warn(
                f"{event.dropped or 'Some'} records of {event.table} do not come: "
                f"{event.reason}; give on_gap to handle this",
                RuntimeWarning,
                stacklevel=4,
            )

    def _fill_or_fail(self) -> bool:
        try:
            return self._fill()
        except WireTimeoutError:
            raise  # nothing is lost: the next call waits again
        except RuvectorError as error:
            self._failure = error
            self._end()
            raise

    def _fill(self) -> bool:
        """Wait for events; False when the stream ended."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while not self._closed.is_set() and self._connection is not None:
            try:
                events = self._connection.receive(_slice(deadline))
            except WireTimeoutError as error:
                if self._timeout is not None and time.monotonic() >= (deadline or 0.0):
                    raise _silence(self._timeout) from error
            except ConnectionLostError as error:
                self._open_again(error)
            else:
                if events is None:
                    self._open_again(None)
                elif events:
                    self._events.extend(events)
                    return True
        return bool(self._events)

    def _open(self) -> None:
        """Connect and wait for the first events: only they say that the server took the request."""
        connection = self._connect(self._progress.position)
        try:
            deadline = time.monotonic() + _CONNECT_S
            events = None
            while not events:
                events = self._first(connection, deadline)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._events.extend(events)
        # So that there is a position before the first item.
        while self._events and isinstance(self._events[0], StreamHello):
            self._item(self._events.popleft())

    def _first(self, connection: EventConnection, deadline: float) -> Sequence[Any]:
        try:
            events = connection.receive(_slice(deadline))
        except WireTimeoutError as error:
            if time.monotonic() >= deadline or self._closed.is_set():
                raise _silence(_CONNECT_S) from error
            return ()
        if events is None:
            raise ConnectionLostError("Cannot subscribe: the server ended the stream at once")
        return events

    def _open_again(self, reason: RuvectorError | None) -> None:
        """Connect after a connection ended; without success the reason is the end."""
        self._end()
        deadline, pause = time.monotonic() + self._reconnect, _FIRST_PAUSE_S
        while (left := deadline - time.monotonic()) > 0 and not self._closed.wait(min(pause, left)):
            with suppress(*_PASSING):
                self._open()
                return
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        if reason is not None and not self._closed.is_set():
            raise reason

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _slice(deadline: float | None) -> float:
    left = _SLICE_S if deadline is None else deadline - time.monotonic()
    return max(0.0, min(_SLICE_S, left))


def _silence(seconds: float) -> WireTimeoutError:
    """Build the error of the whole wait; a source knows only of its last slice."""
    return WireTimeoutError(
        f"Cannot hear from the stream: nothing came in {seconds:g} s; ask again to go on waiting"
    )
