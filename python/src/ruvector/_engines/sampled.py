"""The rows that the caller's process holds of a data set too large for it: a bounded share.

A model is measured on the newest test rows, and shown to answer like its ONNX form on these and on
an even share of the train rows. Nothing is learnt from them but scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._training import FitResult, LabelledDataset, measure, timestamps_of
from .._untyped import Estimator
from .split_rows import SAMPLE_ROWS, SplitRows, even_rows

__all__ = ["SampledDataset", "measure_sampled", "sample_dataset"]


class SampledDataset:
    """A labelled data set of which only some rows are here.

    Parameters
    ----------
    whole : LabelledDataset
        Names, labels and facts are taken from it, never rows.
    splits : mapping of str to SplitRows
        The rows of ``train`` and ``test`` that are here.
    class_counts : mapping of str to int
        Rows of each label in all splits of the whole.

    """

    def __init__(
        self,
        whole: Any,  # noqa: ANN401  a data set or its folder
        splits: Mapping[str, SplitRows],
        class_counts: Mapping[str, int],
    ) -> None:
        train = splits["train"]
        times = None if train.timestamps is None else train.timestamps[:0]
        self._splits = {"gap": SplitRows(train.X[:0], train.y[:0], times), **splits}
        self.feature_names: tuple[str, ...] = tuple(whole.feature_names)
        self.labels: tuple[str, ...] = tuple(whole.labels)
        self.meta: Mapping[str, Any] = whole.meta
        self.id: str = whole.id
        self.sha256: str = whole.sha256
        self.window: Mapping[str, int] | None = getattr(whole, "window", None)
        self.class_counts = dict(class_counts)

    def X(self, split: str) -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a split that are here, shape (n, d)."""
        return self._splits[split].X

    def y(self, split: str) -> NDArray[np.int64]:
        """Label indices of them, shape (n,)."""
        return self._splits[split].y

    def timestamps(self, split: str) -> NDArray[np.int64] | None:
        """Milliseconds of them; None when they are not known."""
        return self._splits[split].timestamps


def sample_dataset(dataset: LabelledDataset) -> SampledDataset:
    """Take the rows to keep out of a data set that is here."""
    splits, counts = {}, np.zeros(len(dataset.labels), np.int64)
    for split in ("train", "gap", "test"):
        y = dataset.y(split).astype(np.int64)
        counts += np.bincount(y, minlength=len(counts))
        whole = SplitRows(dataset.X(split), y, timestamps_of(dataset, split))
        rows = even_rows(len(y), SAMPLE_ROWS) if split == "train" else slice(-SAMPLE_ROWS, None)
        splits[split] = whole.take(rows)
    return SampledDataset(dataset, splits, dict(zip(dataset.labels, counts.tolist(), strict=True)))


def measure_sampled(
    model: Estimator,
    dataset: SampledDataset,
    *,
    sample_weight: str | None,
    fit_seconds: float,
    engine: Mapping[str, Any],
) -> FitResult:
    """Score a model that an engine trained; counts are those of the whole data set."""
    result = measure(model, dataset, sample_weight=sample_weight, fit_seconds=fit_seconds)
    rows = sum(dataset.class_counts.values())
    return replace(
        result,
        class_counts=dataset.class_counts,
        dataset=replace(result.dataset, rows=rows),
        engine=dict(engine),
    )
