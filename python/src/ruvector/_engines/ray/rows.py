"""The rows of one worker: its part of the train split, streamed by Ray Data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._client import DatasetFolder
from .survey import to_arrays

__all__ = ["Part", "WorkerRows", "read_whole"]

_BATCH_ROWS = 8192

Part = tuple[NDArray[np.float32], NDArray[np.int64]]


def read_whole(folder: DatasetFolder, is_absent: NDArray[np.bool_]) -> Part:
    """Read the whole train split in the order of its rows; absent features count as 0."""
    parts = [to_arrays(folder, folder.read_file(path)) for path in folder.files["train"]]
    X = np.concatenate([part[0] for part in parts])
    X[:, is_absent] = 0
    return X, np.concatenate([part[1] for part in parts])


class WorkerRows:
    """Part of the train split that this worker learns from.

    Read from the files in every pass. A part of at most ``cache_bytes`` stays in memory after the
    first, since starting a read costs more than going over so few rows.

    Parameters
    ----------
    folder : DatasetFolder
        Names of the columns.
    shard : ray.data.DataIterator
        From ``ray.train.get_dataset_shard``.
    is_absent : ndarray of bool
        Features that no row has; they count as 0.
    cache_bytes : int
        See above.

    """

    def __init__(
        self,
        folder: DatasetFolder,
        shard: Any,  # noqa: ANN401
        is_absent: NDArray[np.bool_],
        cache_bytes: int,
    ) -> None:
        self._folder = folder
        self._shard = shard
        self._is_absent = is_absent
        self._cache_bytes = cache_bytes
        self._kept: list[Part] | None = None

    def all(self) -> Part:
        """Read all rows into memory."""
        parts = list(self._stream())
        if not parts:
            d = len(self._folder.feature_names)
            return np.empty((0, d), np.float32), np.empty(0, np.int64)
        return np.concatenate([X for X, _ in parts]), np.concatenate([y for _, y in parts])

    def batches(self, rows: int, rng: np.random.RandomState) -> Iterator[Part]:
        """Go over the rows once, in batches of so many, in a random order within each part."""
        rest: Part | None = None
        for X, y in self._pass():
            order = rng.permutation(len(y))
            part: Part = (X[order], y[order])
            if rest is not None:
                part = (np.concatenate([rest[0], part[0]]), np.concatenate([rest[1], part[1]]))
            whole = len(part[1]) // rows * rows
            for start in range(0, whole, rows):
                yield part[0][start : start + rows], part[1][start : start + rows]
            rest = (part[0][whole:], part[1][whole:])
        if rest is not None and len(rest[1]):
            yield rest

    def _pass(self) -> Iterator[Part]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Part] | None = []
        size = 0
        for part in self._stream():
            size += part[0].nbytes
            if kept is not None:
                kept = [*kept, part] if size <= self._cache_bytes else None
            yield part
        if kept:
            self._kept = [
                (np.concatenate([X for X, _ in kept]), np.concatenate([y for _, y in kept]))
            ]

    def _stream(self) -> Iterator[Part]:
        for table in self._shard.iter_batches(
            batch_size=_BATCH_ROWS, batch_format="pyarrow", prefetch_batches=1
        ):
            X, y, _ = to_arrays(self._folder, table)
            X[:, self._is_absent] = 0
            yield X, y
