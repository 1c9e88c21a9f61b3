"""The client: connect to the running daemon, ask it, stream from it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .._bridge import (
    BatchStream,
    OnProgress,
    Reply,
    Transport,
    ZmqTransport,
    daemon_finder,
    is_remote,
    name_remote,
)
from .._buffer import Buffer
from .._exceptions import NoDaemonError, NoRowsError, WireError
from .._fork import OfThisProcess
from .._parameters import (
    FLAG,
    FUNCTION,
    MAPPING,
    PATH,
    TEXT,
    Wanted,
    having,
    number,
    sequence,
    takes,
    text,
    whole_number,
    without_none,
)
from .._progress_bar import ProgressBar
from .._times import TimeLike, span_ms
from .dataset import Dataset
from .decision import Decision, decision_of
from .models import Models
from .pictures import client_html

__all__ = ["Client", "connect"]

DEFAULT_TIMEOUT_S = 10.0

# What names a host and is no path: http://db1:7700, db1:7700.
_ADDRESS = re.compile(r"\w+://|[\w.-]+:\d+$")
_SECONDS = number("seconds above 0, such as 10", 0, above=True)
_BUFFERS = sequence(
    "a list of bytes", lambda value: isinstance(value, bytes | bytearray | memoryview)
)
_WINDOW = Wanted(
    'a dict such as {"steps": 16, "every_ms": 1000}',
    lambda value: isinstance(value, Mapping) and set(value) <= {"steps", "every_ms"},
)
_STREAM_NAME = text('the name of a stream, such as "memory"')


@takes(home=PATH, bridge_file=PATH, key=PATH, token=TEXT, timeout=_SECONDS)
def connect(
    home: str | os.PathLike[str] | None = None,
    *,
    bridge_file: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    token: str | None = None,
    timeout: float = DEFAULT_TIMEOUT_S,
) -> Client:
    """Connect to the running daemon, of this host or of another one.

    The client outlives its daemon: when that was started again, the next call goes to the new one.
    What was running ends with a ``ConnectionLostError``.

    Parameters
    ----------
    home : path, or "tcp://host:port", optional
        The daemon's home. Default: ``$RUVECTOR_HOME``, else the XDG data directory + ``/ruvector``.
        Or where a daemon of another host listens (``serve --listen``).
    bridge_file : path, optional
        Its run/bridge.json itself, instead of ``home``.
    key : path or name, optional
        For a daemon of another host: the file that ``ruvector-memopt keys make`` wrote, or its name
        in the home of this user. Needs ``ruvector-memopt[remote]``.
    token : str, optional
        For a daemon of another host that trusts its network: the word of ``keys token`` there.
    timeout : float, default 10
        Seconds for the connection; calls have no limit but the daemon's life.

    Raises
    ------
    NoDaemonError
        No daemon runs there; the text says how to start it.
    HomeError
        Nothing says where the home is; the text says how to.
    AuthenticationError
        The daemon does not allow the key, or does not have the one that the key file names.
    KeysError
        The key cannot be used.
    WireTimeoutError

    Examples
    --------
    >>> with ruvector.connect() as client:  # doctest: +SKIP
    ...     print(client.status())
    >>> with ruvector.connect("tcp://db1:7700", key="laptop") as client:  # doctest: +SKIP
    ...     print(client.status())

    """
    if isinstance(home, str) and _ADDRESS.match(home) and not is_remote(home):
        raise NoDaemonError(
            f'Cannot connect to "{home}": an address of another host begins with tcp://; pass '
            '"tcp://host:port", or the folder of a home'
        )
    if is_remote(home):
        remote = name_remote(str(home), key, token)
        return Client(transport=ZmqTransport(lambda: remote, timeout))
    return Client(transport=ZmqTransport(daemon_finder(home, bridge_file), timeout))


class Client(OfThisProcess):
    """A connection to the daemon; threads may share it.

    Parameters
    ----------
    transport : Transport
        :func:`connect` makes the real one; tests pass a :class:`MockTransport`.

    """

    @takes(
        transport=having("what ruvector.connect() opens, or a MockTransport", "request", "stream")
    )
    def __init__(self, *, transport: Transport) -> None:
        self._transport = transport

    @takes(name=TEXT, attachments=_BUFFERS, on_progress=FUNCTION)
    def request(
        self,
        name: str,
        params: Any = None,  # noqa: ANN401  any JSON value
        *,
        attachments: Sequence[Buffer] = (),
        on_progress: OnProgress | None = None,
    ) -> Reply:
        """Ask the daemon something and wait for the answer.

        Ctrl-C cancels the request on the daemon too.

        Raises
        ------
        RuvectorError
            The daemon's own error, with its code; :class:`MessageTooLargeError` before anything
            is sent; :class:`ConnectionLostError` when the daemon goes away.

        """
        return self._transport.request(name, params, attachments, on_progress)

    @takes(
        name=_STREAM_NAME,
        follow=FLAG,
        timeout=number("seconds of at least 0", 0),
        window=whole_number("a number of batches of at least 1", 1),
    )
    def stream(
        self,
        name: str,
        /,
        *,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        follow: bool | None = None,
        timeout: float | None = None,
        window: int | None = None,
        **params: Any,  # noqa: ANN401  any JSON value
    ) -> BatchStream:
        """Open a stream of record batches; ``schema`` and ``meta`` are there at once.

        Parameters
        ----------
        name : str
            ``memory``, ``process``, ``optimization`` or ``training``.
        start, end : time, optional
            Range; without a zone local time, and an end date includes its day. By default a stream
            that follows starts now, and one that does not with the oldest row.
        follow : bool, optional
            Go on with what is collected from now on. By default True without ``end``.
        timeout : float, optional
            Seconds to wait for a batch. By default as long as the daemon lives.
        window : int, optional
            Batches in flight; bounds the memory on both sides.
        **params
            What else the stream takes, in the daemon's words, such as ``anonymize``.

        Raises
        ------
        WireTimeoutError
            While waiting for a batch; the stream goes on and may be asked again.
        ConnectionLostError
            The daemon stopped or went away: after the batches that had arrived, so that the end
            of a loop always means that the stream is complete.

        Examples
        --------
        >>> with client.stream("memory", follow=True) as batches:  # doctest: +SKIP
        ...     for batch in batches:
        ...         print(batch.num_rows)

        """
        # An end would end a stream that follows.
        given = {**span_ms(start, end, is_open=follow is not False), "follow": follow}
        wanted = without_none({**params, **without_none(given)})
        return self._transport.stream(name, wanted, window, timeout)

    @takes(
        params=MAPPING,
        horizon=number("seconds above 0, such as 60", 0, above=True),
        balance=text('"weights", "undersample" or "none"'),
        test_fraction=number("a share between 0 and 1, such as 0.2", 0, above=True),
        blocks=whole_number("a number of blocks of at least 1", 1),
        include_acted=FLAG,
        task=text('"classification", "anomaly" or "forecast"'),
        window=_WINDOW,
        progress=FLAG,
    )
    def dataset(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        horizon: float | None = None,
        balance: str | None = None,
        test_fraction: float | None = None,
        blocks: int | None = None,
        include_acted: bool | None = None,
        task: str | None = None,
        window: Mapping[str, int] | None = None,
        progress: bool | None = None,
    ) -> Dataset:
        """Stream a labelled training set.

        Parameters
        ----------
        params : mapping, optional
            Parameters of the stream as the daemon names them; the ones below win.
        start, end : time, optional
            Range; without a zone local time, and an end date includes its day.
        horizon : float, optional
            Seconds a label looks ahead. By default those of the host.
        balance : {"weights", "undersample", "none"}, optional
            How classes of unequal size are dealt with.
        test_fraction : float, optional
            Share of rows, the newest, to test on.
        blocks : int, optional
            Blocks of time that are each split by themselves.
        include_acted : bool, optional
            Keep rows that an action of the optimizer reaches. Left out by default.
        task : {"classification", "anomaly", "forecast"}, optional
            What is to be learned. A history of one class is refused for classification alone.
        window : mapping, optional
            ``{"steps": 16, "every_ms": 1000}``: each row holds that many feature rows of the
            history, oldest first, for models that look back such as ``torch.GRU``. By default the
            newest row alone.
        progress : bool, optional
            Draw a bar over the rows. By default on a terminal and in a notebook.

        Raises
        ------
        PrepareError
            The history cannot give a set: the text says what it holds.
        NoRowsError
            The range holds no rows.

        """
        given = {
            **span_ms(start, end),
            "horizon_ms": None if horizon is None else round(horizon * 1000),
            "balance": balance,
            "test_fraction": test_fraction,
            "blocks": blocks,
            "include_acted": include_acted,
            "task": task,
            "window": None if window is None else dict(window),
        }
        wanted = {**(params or {}), **without_none(given)}
        with self._transport.stream("training", wanted) as stream:
            meta = stream.meta
            total = meta.get("rows") if isinstance(meta, Mapping) else None
            with ProgressBar("data set", progress, unit="row", total=total) as bar:
                table = stream.read_all(on_rows=bar.add)
        if table.num_rows == 0:
            raise NoRowsError(
                "Cannot build a data set: the daemon sent no rows for "
                f"{wanted or 'its whole history'}; let it collect longer or choose another range"
            )
        return Dataset(table, meta)

    @property
    def models(self) -> Models:
        """The daemon's registry: list, activate, roll back, remove, prune, repair."""
        return Models(self)

    def status(self) -> Any:  # noqa: ANN401  any JSON value
        """Ask the daemon how it is: sampling, history, live model, last decisions."""
        return self.request("status").result

    def decide(self) -> Decision:
        """Ask for one decision, explained: what the host would do now and why. Nothing is done.

        Raises
        ------
        DaemonError
            The host has not sampled for long enough; the text says how long that takes.

        Examples
        --------
        >>> client.decide().label  # doctest: +SKIP

        """
        return decision_of(self.request("decide").result)

    def __repr__(self) -> str:
        return f"Client({self._transport!r})"

    def _repr_html_(self) -> str:
        try:
            return client_html(self.status())
        except WireError as error:  # a notebook shows the client of a daemon that is gone, too
            return f"<p>{escape(repr(self))}: {escape(str(error))}</p>"

    def close(self) -> None:
        """End open streams and close the connection. Twice is once."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
