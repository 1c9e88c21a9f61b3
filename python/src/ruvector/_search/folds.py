"""Folds in time order out of the train split: each is trained on the past only, after a gap.

Nothing here ever reads the test split. Not a random split: neighbouring seconds are nearly the same
row, and a row of the future tells what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._exceptions import SearchError
from .._training import DescribedDataset, LabelledDataset, Task, block_length, timestamps_of

__all__ = ["FoldDataset", "describe_gap", "make_folds", "smallest_gap_ms"]

#: Share of the train split, its oldest rows, that is only ever trained on.
_FIRST_PART = 0.4
_MIN_TRAIN_ROWS = 20
_MIN_VALIDATION_ROWS = 10

RowNumbers = NDArray[np.intp]


class FoldDataset:
    """A data set whose splits are parts of another one's train split.

    Parameters
    ----------
    whole : LabelledDataset
        The data set.
    rows : mapping of str to ndarray
        RowNumbers of its train split, in time order, that are ``train``, ``gap`` and ``test`` here.

    """

    def __init__(self, whole: LabelledDataset, rows: Mapping[str, RowNumbers]) -> None:
        self._whole = whole
        self._rows = dict(rows)

    def X(self, split: str) -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a part."""
        return self._whole.X("train")[self._rows[split]]

    def y(self, split: str) -> NDArray[np.integer[Any]]:
        """Label indices of a part."""
        return self._whole.y("train")[self._rows[split]]

    def timestamps(self, split: str) -> NDArray[np.int64] | None:
        """Milliseconds of each row of a part; None when the data set has none."""
        times = timestamps_of(self._whole, "train")
        return None if times is None else times[self._rows[split]]

    def target(self, split: str) -> NDArray[np.float32] | None:
        """Values a forecast learns of a part; None when the data set does not hold them."""
        read = getattr(self._whole, "target", None)
        values = None if read is None else read("train")
        return None if values is None else values[self._rows[split]]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  what the data set has
        # Names, labels, metadata, window are those of the whole. What reads rows is not: a method
        # that is not known here would give rows of the whole, the test split among them.
        found = getattr(self._whole, name)
        if name.startswith("_") or callable(found):
            raise AttributeError(f'Cannot take "{name}" of a fold: it is not known there')
        return found


def smallest_gap_ms(dataset: DescribedDataset) -> float:
    """How far apart rows must be to share nothing: the label's horizon and what features look back.

    A row sees the trend window before it, a row over a window of the history that much more.
    """
    spec = dataset.meta.get("featureSpec") or {}
    window = getattr(dataset, "window", None) or spec.get("window") or {}
    every = window.get("everyMs", window.get("every_ms", 0))
    back = float(spec.get("trendWindowMs", 0)) + (window.get("steps", 1) - 1) * float(every)
    return float(float(dataset.meta.get("horizonMs") or 0) + back)


def describe_gap(dataset: LabelledDataset, gap_ms: float) -> str:
    """Say how far apart the parts of a fold are: in rows where there are no times."""
    if timestamps_of(dataset, "train") is None:
        return f"{_gap_rows(dataset)} rows"
    return f"{gap_ms / 1000:g} s"


def _gap_rows(dataset: LabelledDataset) -> int:
    # Without times: as many rows as look alike.
    return block_length(len(dataset.y("train")), None, None)


def make_folds(
    dataset: LabelledDataset, folds: int, gap_ms: float, task: Task
) -> list[FoldDataset]:
    """Cut the train split into folds, the oldest first.

    The oldest two fifths are only trained on; the rest is cut into ``folds`` parts, each validated
    on by a model that was trained on what is older than it by more than ``gap_ms``.

    Raises
    ------
    SearchError
        No part has enough rows of at least two labels before it.

    """
    times = timestamps_of(dataset, "train")
    rows = len(dataset.y("train"))
    order = np.arange(rows) if times is None else np.argsort(times, kind="stable")
    clock = order if times is None else times[order]
    gap = _gap_rows(dataset) if times is None else gap_ms
    edges = np.linspace(int(rows * _FIRST_PART), rows, folds + 1).astype(int)
    found = []
    for first, last in pairwise(edges):
        if last - first < _MIN_VALIDATION_ROWS:
            continue
        n_train = int(np.searchsorted(clock, clock[first] - gap, side="left"))
        parts = {"train": order[:n_train], "gap": order[n_train:first], "test": order[first:last]}
        fold = FoldDataset(dataset, parts)
        if n_train >= _MIN_TRAIN_ROWS and _has_both(fold, task):
            found.append(fold)
    if not found:
        raise SearchError(
            f'Cannot search on data set "{dataset.id}": none of {folds} folds of its {rows} train '
            f"rows has {_MIN_TRAIN_ROWS} rows older than it by a gap of "
            f"{describe_gap(dataset, gap_ms)}{_NEEDS[task]}; collect for longer, or use fewer folds"
        )
    return found


#: What else the parts of a fold need, to learn from or to tell models apart.
_NEEDS: Mapping[Task, str] = {
    "classification": ", and those of two labels",
    "anomaly": ", and rows of both kinds in itself",
    "forecast": "",
}


def _has_both(fold: FoldDataset, task: Task) -> bool:
    if task == "forecast":
        return True
    part = "train" if task == "classification" else "test"
    return len(np.unique(fold.y(part) if task == "classification" else fold.y(part) != 0)) >= 2
