"""Write what the daemon knows to files, and stream it. Process names arrive hashed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ._client import Client, connect
from ._dataset import Dataset
from ._exceptions import ExportOptionsError, NoRowsError, PrepareError, RuvectorError
from ._times import TimeLike
from ._transport import BatchStream

__all__ = ["DataExporter", "ExportStats"]


@dataclass(frozen=True)
class ExportStats:
    """What an export wrote.

    Attributes
    ----------
    rows : int
    bytes : int
        Size of the file.
    seconds : float
        From the call to the rename.
    path : Path

    """

    rows: int
    bytes: int
    seconds: float
    path: Path


class DataExporter:
    """Exports from the running daemon.

    Parameters
    ----------
    client : Client, optional
        An open connection. By default the daemon of this user is connected to on first use.

    Examples
    --------
    >>> exporter = DataExporter()
    >>> exporter.export_training_data(  # doctest: +SKIP
    ...     start="2024-01-01", end="2024-01-31", format="parquet", path="training_data.parquet"
    ... )

    """

    def __init__(self, client: Client | None = None) -> None:
        self._client = client
        self._owns_client = client is None

    def export_training_data(
        self,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        format: str = "parquet",
        *,
        path: str | os.PathLike[str],
        **options: Any,  # noqa: ANN401  options of Client.dataset
    ) -> ExportStats:
        """Write a labelled training set to a file, under a temporary name and then renamed.

        Columns: ``timestamp``, the features by name, ``trend`` (= ``usage_trend``), ``label``
        (text), ``label_index`` and ``split`` (train, gap or test).

        Parameters
        ----------
        start, end : time, optional
            Range; without a zone local time, and an end date includes its day.
        format : {"parquet", "csv", "arrow", "jsonl"}, default "parquet"
            ``arrow`` is the IPC file format.
        path : path
            Replaced when it exists.
        **options
            ``horizon``, ``balance``, ``test_fraction``, ``blocks`` of :meth:`Client.dataset`.

        Raises
        ------
        NoRowsError
            The range holds no labelled rows; the text names the range the history holds.
        ExportOptionsError
            A format or time that cannot be used.
        PrepareError
            The daemon cannot build a training set of these rows.

        """
        started = time.perf_counter()
        write = _writer_of(format)
        client = self._connected()
        table = _to_export_table(_dataset_or_range(client, start, end, options))
        target = Path(path).expanduser()
        _write_atomically(target, lambda temporary: write(table, temporary))
        seconds = time.perf_counter() - started
        return ExportStats(table.num_rows, target.stat().st_size, seconds, target)

    def stream(self, name: str = "memory", **params: Any) -> BatchStream:  # noqa: ANN401
        """Stream record batches as :meth:`Client.stream` does; nothing is copied.

        Examples
        --------
        >>> with exporter.stream("memory") as batches:  # doctest: +SKIP
        ...     for batch in batches:
        ...         print(batch.column("mem_available_kib")[-1])

        """
        return self._connected().stream(name, **params)

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


def _dataset_or_range(
    client: Client, start: TimeLike | None, end: TimeLike | None, options: Mapping[str, Any]
) -> Dataset:
    try:
        return client.dataset(start=start, end=end, **options)
    except NoRowsError as error:
        raise _no_rows(client, start, end, error) from error
    except PrepareError as error:
        # With some rows the daemon's own text says better what is missing.
        if error.code != "ERR_PREPARE_TOO_FEW_ROWS" or _counts_rows(error.details.get("counts")):
            raise
        raise _no_rows(client, start, end, error) from error


def _counts_rows(counts: object) -> bool:
    return isinstance(counts, Mapping) and any(sum(by_label) for by_label in counts.values())


def _no_rows(
    client: Client, start: TimeLike | None, end: TimeLike | None, cause: RuvectorError
) -> NoRowsError:
    asked = f"{start or 'the beginning'} to {end or 'now'}"
    held = _held_range(client)
    return NoRowsError(
        f'Cannot export "{asked}": it holds no labelled rows; the history holds {held}, '
        "choose a range inside it or let it collect longer",
        details={"asked": asked, "held": held, "cause": cause.code},
    )


def _held_range(client: Client) -> str:
    """Range of the memory history in words; a daemon that cannot say it is no second error."""
    with suppress(RuvectorError, KeyError, TypeError):
        memory = client.request("history.range").result["kinds"]["memory"]
        if not memory["rows"]:
            return "nothing yet"
        first, last = (
            datetime.fromtimestamp(memory[key] / 1000).astimezone().isoformat(timespec="seconds")
            for key in ("firstMs", "lastMs")
        )
        return f"{memory['rows']} samples from {first} to {last}"
    return "a range the daemon did not name"


def _to_export_table(dataset: Dataset) -> pa.Table:
    table = dataset.table
    columns = {"timestamp": table["timestamp"]}
    columns.update({name: table[name] for name in dataset.feature_names})
    if "usage_trend" in columns:
        # The export document's example selects df["trend"].
        columns["trend"] = columns["usage_trend"]
    names = pa.array(dataset.labels, pa.string())
    columns["label"] = names.take(table["label"].combine_chunks())
    columns["label_index"] = table["label"]
    columns["split"] = table["split"]
    return pa.table(columns)


Writer = Callable[[pa.Table, Path], None]


def _write_arrow(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _write_json_lines(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for batch in table.to_batches(max_chunksize=4096):
            for row in batch.to_pylist():
                json.dump(_to_json_row(row), file, ensure_ascii=False, allow_nan=False)
                file.write("\n")


def _to_json_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _to_json_value(value) for name, value in row.items()}


def _to_json_value(value: Any) -> Any:  # noqa: ANN401  any cell
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    # JSON has no NaN: a missing feature is null.
    return None if isinstance(value, float) and value != value else value


_WRITERS: dict[str, Writer] = {
    "parquet": lambda table, path: pa.parquet.write_table(table, path, compression="zstd"),
    "csv": lambda table, path: pa.csv.write_csv(table, path),
    "arrow": _write_arrow,
    "jsonl": _write_json_lines,
}
_ALIASES = {"json": "jsonl", "jsonlines": "jsonl", "feather": "arrow", "ipc": "arrow"}


def _writer_of(name: str) -> Writer:
    writer = _WRITERS.get(_ALIASES.get(name, name))
    if writer is None:
        raise ExportOptionsError(
            f'Cannot export as "{name}": the format is not known; use one of '
            f"{', '.join(sorted(_WRITERS))}"
        )
    return writer


def _write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Write so that a reader sees the old file or the whole new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise ExportOptionsError(
            f'Cannot write "{path}": {error}; choose another path or make room',
            code="ERR_EXPORT_WRITE",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
