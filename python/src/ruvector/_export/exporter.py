"""Ask the daemon to write what it knows to files, or to stream it. The daemon is the one writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .._client import Client, connect
from .._exceptions import ExportOptionsError
from .._parameters import (
    FLAG,
    FUNCTION,
    PATH,
    TEXT,
    TEXTS,
    Wanted,
    having,
    number,
    takes,
    text,
    without_none,
)
from .._times import TimeLike, span_ms
from .config import (
    Config,
    ExportStats,
    TrainingDataStats,
    override,
    stats_from,
    to_params,
    training_stats_from,
)
from .options import ExportConfig, ExportKeywords, TrainingDataConfig, TrainingKeywords

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["DataExporter", "OnExportProgress", "StreamHandle"]

PathLike: TypeAlias = str | os.PathLike[str]

_FORMAT = text('"csv", "json", "jsonl", "parquet", "sqlite" or "arrow"')
_CONFIG = Wanted("an ExportConfig", lambda value: isinstance(value, ExportConfig))
_TRAINING_CONFIG = Wanted(
    "a TrainingDataConfig", lambda value: isinstance(value, TrainingDataConfig)
)

OnExportProgress: TypeAlias = Callable[[int, "int | None", float, "float | None"], None]
"""``on_progress(rows, total, rate, eta)``: rows so far and in all, rows a second, seconds left.

``total`` and ``eta`` are None while they are not known.
"""


class ExportCall(ExportKeywords, total=False):
    """What one export may be told in keyword arguments."""

    on_progress: OnExportProgress | None


class TrainingCall(TrainingKeywords, total=False):
    """What one export of a training set may be told in keyword arguments."""

    on_progress: OnExportProgress | None


class StreamHandle:
    """A stream the daemon serves; it ends with :meth:`stop`, the ``with`` block, or the daemon.

    Attributes
    ----------
    endpoint : str
        What :class:`DataStream` takes, with the real port.
    transport, format : str
        ``zeromq``, ``websocket`` or ``pipe``, and what a reader gets that asks for no format.
    anonymized : bool

    """

    def __init__(self, client: Client, served: Mapping[str, Any]) -> None:
        self.endpoint = str(served["endpoint"])
        self.transport = str(served["transport"])
        self.format = str(served["format"])
        self.anonymized = bool(served["anonymized"])
        self._client = client
        self._stopped = False

    def __repr__(self) -> str:
        state = "stopped" if self._stopped else self.format
        return f"StreamHandle({self.endpoint!r}, {state})"

    def stop(self) -> None:
        """End the stream for all who read it, after what was sent so far. Twice is once."""
        if not self._stopped:
            self._stopped = True
            self._client.request("stream.stop", {"endpoint": self.endpoint})

    def __enter__(self) -> StreamHandle:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()


class DataExporter:
    """Exports from the running daemon, which writes the files: anonymised unless told otherwise.

    Parameters
    ----------
    client : Client, optional
        An open connection. By default the daemon of this user is connected to on first use.

    Examples
    --------
    >>> exporter = DataExporter()
    >>> exporter.export_recent(24, "csv", "data.csv")  # doctest: +SKIP
    >>> exporter.export_training_data(  # doctest: +SKIP
    ...     start="2024-01-01", end="2024-01-31", format="parquet", path="training_data.parquet"
    ... )

    """

    @takes(client=having("ruvector.connect(), or leave it out", "request", "close"))
    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._owns_client = client is None

    @takes(format=_FORMAT, path=PATH, config=_CONFIG, on_progress=FUNCTION)
    def export_range(
        self,
        start: TimeLike | None,
        end: TimeLike | None,
        format: str | None = None,
        path: PathLike | None = None,
        config: ExportConfig | None = None,
        **options: Unpack[ExportCall],
    ) -> ExportStats:
        """Export what was collected in a range.

        Files appear under their names when they are complete. An error, or Ctrl-C, which cancels
        the export on the daemon, leaves none.

        Parameters
        ----------
        start, end : time or None
            Without a zone local time; an end date includes its day; None is the first or last row.
        format : {"csv", "json", "jsonl", "parquet", "sqlite", "arrow"}, optional
            By default what the path's suffix says.
        path : path
            One table is written to exactly this file. Several are written beside it with the
            table before the suffix (``data.memory.csv``), except SQLite, which holds them all;
            a folder gets a file a table.
        config : ExportConfig, optional
            By default one with the defaults.
        **options
            ``on_progress``, called with (rows, total, rate, eta), and fields of the config, which
            they override. ``anonymize=False`` exposes what :class:`ExportConfig` says: names and
            ids of all processes, exact times, and the text of errors.

        Raises
        ------
        ExportOptionsError
            Options that cannot be used: all of them in one text.
        NoRowsError
            The range holds no rows; the text names the range the history holds.
        PrivacyError
            The rows cannot be anonymised as asked; nothing was written.
        ExportError
            Files that cannot be written (``ERR_EXPORT_WRITE``), a disk that is full.

        """
        wanted = {**span_ms(start, end), "format": format}
        return stats_from(
            *self._export("export.range", wanted, path, config or ExportConfig(), options)
        )

    @takes(
        hours=number("hours above 0, such as 24", 0, above=True),
        format=_FORMAT,
        path=PATH,
        config=_CONFIG,
        on_progress=FUNCTION,
    )
    def export_recent(
        self,
        hours: float,
        format: str | None = None,
        path: PathLike | None = None,
        config: ExportConfig | None = None,
        **options: Unpack[ExportCall],
    ) -> ExportStats:
        """Export the last hours, otherwise as :meth:`export_range`."""
        wanted = {"hours": hours, "format": format}
        return stats_from(
            *self._export("export.recent", wanted, path, config or ExportConfig(), options)
        )

    @takes(format=_FORMAT, path=PATH, config=_TRAINING_CONFIG, on_progress=FUNCTION)
    def export_training_data(
        self,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        format: str | None = None,
        path: PathLike | None = None,
        config: TrainingDataConfig | None = None,
        **options: Unpack[TrainingCall],
    ) -> TrainingDataStats:
        """Export a labelled training set, to one file or to a folder with a file a split.

        Columns: ``timestamp``, the features by name, ``trend`` (= ``usage_trend``), ``label``,
        ``label_index``, and in one file ``split`` (train, gap or test). ``dataset.json`` in a
        folder, or beside ``set.csv`` the file ``set.dataset.json``, says how every number came
        about.

        Parameters
        ----------
        start, end : time, optional
            As in :meth:`export_range`.
        format : {"parquet", "csv", "json", "jsonl", "sqlite", "arrow"}, optional
            By default what the path's suffix says; Parquet in a folder.
        path : path
            A path without a suffix, or that ends in ``/``, is a folder.
        config : TrainingDataConfig, optional
            By default one with the defaults.
        **options
            As in :meth:`export_range`. ``anonymize=False`` writes when each row was sampled, to the
            millisecond.

        Raises
        ------
        PrepareError
            The daemon cannot build a training set of these rows.
        ExportOptionsError, NoRowsError, ExportError
            As in :meth:`export_range`.

        """
        wanted = {**span_ms(start, end), "format": format}
        settings = config or TrainingDataConfig()
        return training_stats_from(
            *self._export("export.training", wanted, path, settings, options)
        )

    @takes(
        format=text('"jsonlines", "msgpack", "protobuf" or "arrow"'),
        endpoint=text('an address such as "ws://127.0.0.1:0"'),
        tables=TEXTS,
        filters=TEXTS,
        interval=number("seconds of at least 0", 0),
        anonymize=FLAG,
        token=TEXT,
    )
    def start_stream(
        self,
        format: str = "jsonlines",
        endpoint: str = "ws://127.0.0.1:0",
        *,
        tables: Sequence[str] | None = None,
        filters: Sequence[str] | None = None,
        interval: float = 0.0,
        anonymize: bool = True,
        token: str | None = None,
    ) -> StreamHandle:
        """Let the daemon serve a stream for :class:`DataStream` and other readers.

        Parameters
        ----------
        format : {"jsonlines", "msgpack", "protobuf", "arrow"}, default "jsonlines"
            What a reader gets that asks for none; of a pipe the only one.
        endpoint : str, default "ws://127.0.0.1:0"
            ``ws://127.0.0.1:port``, ``tcp://127.0.0.1:port``, ``ipc:///path`` or ``pipe:/path``;
            port 0 takes a free one.
        tables : sequence of {"memory", "process", "optimization"}, optional
            What a reader gets that asks for none; of a pipe all there is. All by default.
        filters : sequence of str, optional
            Likewise, such as ``"used_percent>90"``.
        interval : float, default 0
            Likewise: seconds between two samples of a table.
        anonymize : bool, default True
            False sends the names of all processes and the text of errors to every reader. Times
            stay exact either way: who follows a stream knows what time it is.
        token : str, optional
            What readers must show; a pipe has its file mode instead.

        Raises
        ------
        NoDaemonError
            An endpoint that is taken or cannot be used (``ERR_WIRE_ENDPOINT``).
        StreamRequestError
            Tables, filters or a format that there are not.

        Examples
        --------
        >>> with exporter.start_stream("arrow") as served:  # doctest: +SKIP
        ...     for row in DataStream(served.endpoint, format="arrow").subscribe_memory():
        ...         print(row["used_percent"])

        """
        asked = {
            "endpoint": endpoint,
            "format": format,
            "tables": None if tables is None else list(tables),
            "filters": None if filters is None else list(filters),
            "interval_ms": round(interval * 1000) or None,
            "anonymize": anonymize,
            "token": token,
        }
        client = self._connected()
        return StreamHandle(client, client.request("stream.start", without_none(asked)).result)

    def close(self) -> None:
        """Close the connection this exporter opened."""
        if self._owns_client and self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> DataExporter:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _connected(self) -> Client:
        if self._client is None:
            self._client = connect()
        return self._client

    def _export(
        self,
        request: str,
        wanted: Mapping[str, Any],
        path: PathLike | None,
        config: Config,
        options: Mapping[str, Any],
    ) -> tuple[Any, Path]:
        on_progress, given = _take_progress(options)
        settings = to_params(override(config, given))
        if path is None:
            raise ExportOptionsError("Cannot export: no path was given; name a file or a folder")
        if os.fspath(path) == "-":
            raise ExportOptionsError(
                'Cannot export to "-": the daemon writes the file; name one, or "./-" for that name'
            )
        params = without_none({**wanted, **settings, "path": _to_absolute(path)})
        tell = None if on_progress is None else lambda news: _tell(on_progress, news)
        reply = self._connected().request(request, params, on_progress=tell)
        return reply.result, Path(path).expanduser()


def _take_progress(
    options: Mapping[str, Any],
) -> tuple[OnExportProgress | None, dict[str, Any]]:
    # Without a word on it the config decides whether to anonymise.
    given = {name: value for name, value in options.items() if (name, value) != ("anonymize", None)}
    return given.pop("on_progress", None), given


def _to_absolute(path: PathLike) -> str:
    text = os.fspath(path)
    # The daemon runs in another folder. A final slash says that a folder is meant.
    absolute = os.path.abspath(os.path.expanduser(text))
    return f"{absolute}/" if text.endswith("/") else absolute


def _tell(on_progress: OnExportProgress, news: Any) -> None:  # noqa: ANN401  any JSON value
    on_progress(news["rows"], news["totalRows"], news["rowsPerSecond"], news["etaSeconds"])
