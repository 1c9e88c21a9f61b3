"""A labelled data set out of a file, as a pipeline hands it to the trainer. No network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._exceptions import DatasetFolderError, NoRowsError
from .dataset import Dataset

__all__ = ["read_dataset"]

META_KEY = b"ruvector.dataset"
# Continuation marker and length 0.
# https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
_END = b"\xff\xff\xff\xff\0\0\0\0"


def read_dataset(path: str | Path) -> Dataset:
    """Read an Arrow IPC stream of ``timestamp``, features, ``label`` and maybe ``split``.

    What is known of the set stands as JSON in the metadata of its schema. Without ``split``, the
    newest rows are tested on, and those whose horizon reaches into them are in the gap.

    Raises
    ------
    NoRowsError
        The file has no rows.
    DatasetFolderError
        It was cut short.

    """
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_stream(source).read_all()
        _check_whole(path, source)
    if table.num_rows == 0:
        raise NoRowsError(f'Cannot train on "{path}": it has no rows; let the pipeline select some')
    meta = json.loads((table.schema.metadata or {}).get(META_KEY, b"{}"))
    if "split" not in table.column_names:
        times = table["timestamp"].cast(pa.timestamp("ms")).cast(pa.int64()).to_numpy()
        splits = _split_by_time(times, meta.get("testFraction", 0.2), meta.get("horizonMs", 0))
        table = table.append_column("split", pa.array(splits))
    return Dataset(table, meta)


def _check_whole(path: str | Path, source: pa.MemoryMappedFile) -> None:
    """Arrow takes a file that ends between two batches for a whole one: its end mark says more."""
    size = source.size()
    source.seek(max(0, size - len(_END)))
    if source.read() != _END:
        raise DatasetFolderError(
            f'Cannot train on "{path}": it was cut short after {size} bytes; run the pipeline again'
        )


def _split_by_time(times: NDArray[np.int64], fraction: float, horizon_ms: float) -> list[str]:
    tested = max(1, round(len(times) * fraction))
    first_ms = np.sort(times)[-tested]
    train = np.where(times <= first_ms - horizon_ms, "train", "gap")
    return [str(name) for name in np.where(times >= first_ms, "test", train)]
