"""One look over the files before a fit: counts, missing values, and the rows the caller keeps.

A task of the cluster reads each file once, a row group at a time; what comes back is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..._client import DatasetFolder
from ..._exceptions import FewClassesError, FewRowsError
from ..split_rows import SAMPLE_ROWS, SplitRows, even_rows

__all__ = ["Survey", "check_rows", "read_newest", "survey", "to_arrays"]


@dataclass(frozen=True)
class Survey:
    """What is known of a data set before it is learnt from.

    Attributes
    ----------
    train_rows : int
        Rows of the train split.
    class_counts : ndarray, shape (labels,)
        Of the train split.
    is_missing : ndarray of bool, shape (d,)
        Features that the train split lacks in at least one row.
    is_absent : ndarray of bool, shape (d,)
        Features it lacks in every row.
    all_counts : mapping of str to int
        Rows of each label in both splits.
    splits : mapping of str to SplitRows
        The rows that the caller keeps.

    """

    train_rows: int
    class_counts: NDArray[np.int64]
    is_missing: NDArray[np.bool_]
    is_absent: NDArray[np.bool_]
    all_counts: Mapping[str, int]
    splits: Mapping[str, SplitRows]


@dataclass(frozen=True)
class _FileSurvey:
    counts: NDArray[np.int64]
    known: NDArray[np.int64]
    rows: SplitRows


def survey(folder: DatasetFolder) -> Survey:
    """Look over a data set, by tasks of the cluster that this process is connected to.

    Raises
    ------
    DatasetFolderError
        A file cannot be read.

    """
    import ray

    look = ray.remote(num_cpus=1)(_look)
    found: dict[str, list[_FileSurvey]] = {}
    for split in ("train", "test"):
        sizes = folder.count_rows(split)
        kept = _kept_rows(split, sizes)
        tasks = [
            look.remote(folder, path, rows)
            for path, rows in zip(folder.files[split], kept, strict=True)
        ]
        found[split] = ray.get(tasks)
    train, test = found["train"], found["test"]
    counts = np.sum([each.counts for each in train], axis=0)
    known = np.sum([each.known for each in train], axis=0)
    rows = int(counts.sum())
    both = counts + np.sum([each.counts for each in test], axis=0)
    splits = {split: _join([each.rows for each in parts]) for split, parts in found.items()}
    named = dict(zip(folder.labels, both.tolist(), strict=True))
    return Survey(rows, counts, known < rows, known == 0, named, splits)


def check_rows(folder: DatasetFolder, found: Survey) -> None:
    """Refuse what a classifier cannot learn from, as a local fit does.

    Raises
    ------
    FewRowsError, FewClassesError
        There is not enough.

    """
    if found.train_rows < 20 or not len(found.splits["test"].y):
        raise FewRowsError(
            f'Cannot fit on "{folder.uri}": it has {found.train_rows} train and '
            f"{len(found.splits['test'].y)} test rows; at least 20 and 1 are needed, so collect "
            "for longer or sample faster"
        )
    if np.count_nonzero(found.class_counts) < 2:
        only = folder.labels[int(found.class_counts.argmax())]
        raise FewClassesError(
            f'Cannot fit a classifier on "{folder.uri}": all {found.train_rows} train rows are '
            f'labelled "{only}"; collect over a time with memory pressure, or fit an anomaly '
            "detector such as sklearn.IsolationForest"
        )


def to_arrays(
    folder: DatasetFolder, table: pa.Table
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64] | None]:
    """Features, label indices and milliseconds of a table."""
    chosen = folder.select(table)
    X = np.empty((chosen.num_rows, len(folder.feature_names)), np.float32)
    for index, name in enumerate(folder.feature_names):
        X[:, index] = chosen[name].to_numpy(zero_copy_only=False)
    times = None
    if "timestamp" in chosen.column_names:
        column = chosen["timestamp"]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
        times = np.asarray(column.to_numpy(), np.int64)
    return X, np.asarray(chosen["label"].to_numpy(), np.int64), times


def read_newest(folder: DatasetFolder, rows: int) -> SplitRows:
    """Read the newest rows of the train split, from the last files backwards."""
    parts: list[SplitRows] = []
    lacks = rows
    for path in reversed(folder.files["train"]):
        if lacks <= 0:
            break
        X, y, times = to_arrays(folder, folder.read_file(path))
        parts.insert(0, SplitRows(X, y, times).take(slice(-lacks, None)))
        lacks -= len(parts[0].y)
    return _join(parts, len(folder.feature_names))


def _kept_rows(split: str, sizes: Sequence[int]) -> list[NDArray[np.intp]]:
    """Numbers of the rows to keep, file by file: an even share to train on, the newest to test."""
    total = int(np.sum(sizes))
    kept = (
        even_rows(total, SAMPLE_ROWS)
        if split == "train"
        else np.arange(max(0, total - SAMPLE_ROWS), total)
    )
    ends = np.cumsum(sizes)
    starts = ends - sizes
    return [
        kept[(kept >= start) & (kept < end)] - start
        for start, end in zip(starts, ends, strict=True)
    ]


def _look(folder: DatasetFolder, path: str, kept: NDArray[np.intp]) -> _FileSurvey:
    counts = np.zeros(len(folder.labels), np.int64)
    known = np.zeros(len(folder.feature_names), np.int64)
    parts, first = [], 0
    with folder.filesystem.open_input_file(path) as source:
        for batch in pq.ParquetFile(source).iter_batches(batch_size=65_536):
            X, y, times = to_arrays(folder, pa.Table.from_batches([batch]))
            counts += np.bincount(y, minlength=len(counts))
            known += (~np.isnan(X)).sum(axis=0)
            rows = kept[(kept >= first) & (kept < first + len(y))] - first
            parts.append(SplitRows(X, y, times).take(rows))
            first += len(y)
    return _FileSurvey(counts, known, _join(parts, len(known)))


def _join(parts: Sequence[SplitRows], width: int = 0) -> SplitRows:
    if not parts:
        return SplitRows(np.empty((0, width), np.float32), np.empty(0, np.int64))
    times: Any = [each.timestamps for each in parts]
    return SplitRows(
        np.concatenate([each.X for each in parts]),
        np.concatenate([each.y for each in parts]),
        None if any(each is None for each in times) else np.concatenate(times),
    )
