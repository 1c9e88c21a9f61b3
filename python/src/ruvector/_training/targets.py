"""What each task learns and is held against, out of one labelled data set.

classification: the label. anomaly: fitted on the calm rows, held against "the label is not the calm
one". forecast: the memory available one horizon after the row, in percent of MemTotal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._exceptions import MissingTargetError
from .answers import Rows
from .labelled_dataset import LabelledDataset, newest_names, timestamps_of
from .tasks import Task

__all__ = ["AVAILABLE_FEATURE", "CALM", "Timeline", "take_test_rows", "take_train_rows"]

#: Label index of "nothing to do".
CALM = 0
AVAILABLE_FEATURE = "available_percent"
_SPLITS = ("train", "gap", "test")


def take_train_rows(dataset: LabelledDataset, task: Task) -> tuple[Rows, NDArray[Any] | None]:
    """Rows of the train split and their targets; a detector has none.

    Raises
    ------
    MissingTargetError
        A forecast cannot be learnt from this data set.

    """
    X, y = dataset.X("train"), dataset.y("train").astype(np.int64)
    if task == "anomaly":
        return X[y == CALM], None
    if task == "forecast":
        return _with_target(X, _check_known(Timeline(dataset).look("train"), dataset))
    return X, y


def take_test_rows(dataset: LabelledDataset, task: Task) -> tuple[Rows, NDArray[Any]]:
    """Rows of the test split and the truth: label indices, 1 = anomalous, or values."""
    X, y = dataset.X("test"), dataset.y("test").astype(np.int64)
    if task == "anomaly":
        return X, (y != CALM).astype(np.int64)
    if task == "forecast":
        return _with_target(X, Timeline(dataset).look("test"))
    return X, y


def _with_target(X: Rows, target: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
    known = np.isfinite(target)
    return X[known], target[known]


def _check_known(target: NDArray[np.float64], dataset: LabelledDataset) -> NDArray[np.float64]:
    if len(target) and not np.isfinite(target).any():
        raise MissingTargetError(
            f'Cannot forecast on data set "{dataset.id}": no row has another one '
            f"{dataset.meta['horizonMs']:g} ms after it; take rows whose times are exact and that "
            "follow one another"
        )
    return target


class Timeline:
    """Memory available over all splits of a data set, by time.

    Parameters
    ----------
    dataset : LabelledDataset
        With times, ``horizonMs`` in its meta and the feature ``available_percent``.

    Raises
    ------
    MissingTargetError
        It lacks one of them; the text says which.

    """

    def __init__(self, dataset: LabelledDataset) -> None:
        self._dataset = dataset
        names = newest_names(dataset)
        times = [timestamps_of(dataset, split) for split in _SPLITS]
        horizon = dataset.meta.get("horizonMs")
        lacks = [
            what
            for what, is_there in {
                "times": all(part is not None for part in times),
                "horizonMs in its meta": isinstance(horizon, int | float) and horizon > 0,
                f"feature {AVAILABLE_FEATURE}": AVAILABLE_FEATURE in names,
            }.items()
            if not is_there
        ]
        if lacks:
            raise MissingTargetError(
                f'Cannot forecast on data set "{dataset.id}": it has no {", no ".join(lacks)}; '
                "pass client.dataset(), which has them"
            )
        column = names.index(AVAILABLE_FEATURE)
        values = np.concatenate([dataset.X(split)[:, column] for split in _SPLITS])
        joined = np.concatenate([part for part in times if part is not None])
        order = np.argsort(joined, kind="stable")
        self._times = joined[order]
        self._values = values[order].astype(np.float64)
        self._horizon_ms = float(horizon or 0)
        steps = np.diff(self._times)
        self._tolerance_ms = max(
            self._horizon_ms / 10, float(np.median(steps)) if len(steps) else 0.0
        )

    def look(self, split: str, horizons: float = 1.0) -> NDArray[np.float64]:
        """Value at the row nearest to ``horizons`` after each row of a split.

        NaN where no row is within a tenth of a horizon, or the usual step, of that moment.
        """
        own = timestamps_of(self._dataset, split)
        assert own is not None
        wanted = own + horizons * self._horizon_ms
        right = np.searchsorted(self._times, wanted).clip(0, len(self._times) - 1)
        left = (right - 1).clip(0)
        is_left = np.abs(self._times[left] - wanted) <= np.abs(self._times[right] - wanted)
        nearest = np.where(is_left, left, right)
        found = np.abs(self._times[nearest] - wanted) <= self._tolerance_ms
        return np.where(found, self._values[nearest], np.nan)
