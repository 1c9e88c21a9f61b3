"""What can be asked of a recording: events as a table or in batches, triggers, facts."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from .._parameters import PATH, takes
from .command import run_command, start_command

__all__ = ["batches", "info", "load", "triggers"]

RecordingPath = str | os.PathLike[str]


@takes(path=PATH)
def load(
    path: RecordingPath,
    *,
    format: str | None = None,
    time_unit: str | None = None,
    columns: str | Sequence[str] | None = None,
    layout: str | None = None,
    polarity: str | None = None,
    chunk_size: int | None = None,
    **options: Any,  # noqa: ANN401  options of the command
) -> pa.Table:
    """Load a recording.

    Parameters
    ----------
    path : path
        RAW (EVT2, EVT2.1, EVT3, EVT4), DAT, HDF5, AEDAT4 or text.
    format : str, optional
        What the file does not say: ``evt2``, ``evt21``, ``evt21-legacy``, ``evt3``, ``evt4``,
        ``dat``, ``hdf5``, ``aedat4``, ``text``.
    time_unit : {"us", "ms", "s", "ns"}, optional
        Of the times in a text or HDF5 file.
    columns : str or sequence of str, optional
        Columns of a text file in their order, such as ``"t,x,y,p"``.
    layout : {"array", "columns", "dsec", "prophesee"}, optional
        Of an HDF5 file.
    polarity : {"signed", "unsigned", "native"}, optional
        −1/1, 0/1, or as the file has it. By default that of the format: docs/events.md.
    chunk_size : int, optional
        Events of a batch; does not change the result.
    **options
        Others of ``ruvector-memopt events filter``, in Python's spelling: ``start=``, ``end=``
        (µs), ``region=(x, y, width, height)``, ``keep="on"``, ``memory_limit=`` (MiB).

    Returns
    -------
    pyarrow.Table
        ``t`` (int64, µs), ``x``, ``y`` (uint16), ``p`` (int8), in the order of the file.

    Raises
    ------
    EventsError
        The recording cannot be read; the text names the byte or the line.

    Examples
    --------
    >>> table = ruvector.events.load("notes.txt", time_unit="s")  # doctest: +SKIP

    """
    given = _arguments(format, time_unit, columns, layout, polarity, chunk_size, options)
    with start_command(_converting(path, given)) as output, pa.ipc.open_stream(output) as reader:
        return reader.read_all()


@takes(path=PATH)
def batches(path: RecordingPath, **options: Any) -> Iterator[pa.RecordBatch]:  # noqa: ANN401
    """Read a recording batch by batch, in memory that does not grow with its length.

    Takes what :func:`load` takes.
    """
    with (
        start_command(_converting(path, _arguments_of(options))) as output,
        pa.ipc.open_stream(output) as reader,
    ):
        yield from reader


@takes(path=PATH)
def triggers(path: RecordingPath, **options: Any) -> pa.Table:  # noqa: ANN401
    """Read the external triggers of a recording: ``t`` (int64, µs), ``id``, ``value`` (uint8).

    Takes what :func:`load` takes.
    """
    with tempfile.TemporaryDirectory(prefix="ruvector-events-") as folder:
        target = Path(folder) / "triggers.arrow"
        arguments = [*_converting(path, _arguments_of(options)), "--triggers", str(target)]
        with start_command(arguments) as output:
            while output.read(2**20):
                pass
        with pa.OSFile(str(target), "rb") as file, pa.ipc.open_file(file) as reader:
            return reader.read_all()


@takes(path=PATH)
def info(path: RecordingPath, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Say what a recording is: format, geometry, header, counts, first and last time.

    Takes what :func:`load` takes, but for filters.
    """
    printed = run_command(["events", "info", *_path(path), "--json", *_arguments_of(options)])
    described: dict[str, Any] = json.loads(printed)
    return described


def _path(path: RecordingPath) -> list[str]:
    # A name that begins with a dash is no option.
    text = os.fspath(path)
    return [os.path.join(".", text) if text.startswith("-") else text]


def _converting(path: RecordingPath, given: Sequence[str]) -> list[str]:
    return ["events", "filter", *_path(path), "-", "--out-format", "arrow", "--quiet", *given]


def _arguments_of(options: dict[str, Any]) -> list[str]:
    return [part for name, value in options.items() for part in _argument(name, value)]


def _arguments(
    format: str | None,
    time_unit: str | None,
    columns: str | Sequence[str] | None,
    layout: str | None,
    polarity: str | None,
    chunk_size: int | None,
    options: dict[str, Any],
) -> list[str]:
    named = {
        "format": format,
        "time_unit": time_unit,
        "columns": columns,
        "layout": layout,
        "polarity": polarity,
        "chunk_size": chunk_size,
    }
    return _arguments_of({**named, **options})


def _argument(name: str, value: object) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{flag}={','.join(str(part) for part in value)}"]
    return [f"{flag}={value}"]
