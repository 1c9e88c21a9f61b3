"""What training needs of a data set, and which one a model was trained on.

Not the data set itself: ``Client.dataset()`` gives one, and any object with these names will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .held_out import time_ranges

__all__ = [
    "DatasetIdentity",
    "DescribedDataset",
    "LabelledDataset",
    "identify",
    "newest_names",
    "thresholds_of",
    "timestamps_of",
    "window_of",
]

#: Ends the name of a feature of the last step of a window.
NEWEST = "@-0"


class DescribedDataset(Protocol):
    """What is known of a data set without its rows."""

    @property
    def feature_names(self) -> Sequence[str]:
        """Names of the columns of X, in order."""

    @property
    def labels(self) -> Sequence[str]:
        """Label names; y holds indices into them."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """Facts about the data set, with ``featureSpecSha256``."""

    @property
    def id(self) -> str:
        """Identity of the data set."""

    @property
    def sha256(self) -> str:
        """Digest of its content."""


class LabelledDataset(DescribedDataset, Protocol):
    """What training needs of a data set; ``Client.dataset()`` returns one."""

    def X(self, split: str) -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a split, shape (n, d); NaN where the host lacks the value."""

    def y(self, split: str) -> NDArray[np.integer[Any]]:
        """Label indices of a split, shape (n,)."""


@dataclass(frozen=True)
class DatasetIdentity:
    """Which data a model was trained on.

    Attributes
    ----------
    id, sha256 : str
        Identity and digest of the data set.
    rows : int
        Rows of all splits together.
    feature_spec_sha256 : str or None
        Digest of the feature specification the host computes.
    horizon_ms : float or None
        How far the labels look ahead.
    trained_on : tuple of (int, int), or None
        Ranges of time, in milliseconds, that hold the rows trained on; None without times.
    window : mapping, or None
        ``steps`` and ``every_ms`` of the rows of the history that a row holds; None for the newest.
    rate_window_ms : float or None
        Span of the features' rates, ten samples: by it the daemon tells a model of another rate.

    """

    id: str
    sha256: str
    rows: int
    feature_spec_sha256: str | None
    horizon_ms: float | None = None
    trained_on: tuple[tuple[int, int], ...] | None = None
    window: Mapping[str, int] | None = None
    rate_window_ms: float | None = None


def identify(dataset: LabelledDataset, rows: int) -> DatasetIdentity:
    """Name the data set, with ``rows`` of all its splits, and the times of its train split."""
    return DatasetIdentity(
        id=dataset.id,
        sha256=dataset.sha256,
        rows=rows,
        feature_spec_sha256=dataset.meta.get("featureSpecSha256"),
        horizon_ms=dataset.meta.get("horizonMs"),
        trained_on=_trained_on(dataset),
        window=window_of(dataset),
        rate_window_ms=(dataset.meta.get("featureSpec") or {}).get("rateWindowMs"),
    )


def timestamps_of(dataset: LabelledDataset, split: str) -> NDArray[np.int64] | None:
    """Milliseconds of each row of a split; None when the data set tells no times."""
    # Not part of what training needs: a data set of one's own may have no times.
    read = getattr(dataset, "timestamps", None)
    return None if read is None else read(split)


def window_of(dataset: DescribedDataset) -> Mapping[str, int] | None:
    """Rows of the history in each row, ``steps`` and ``every_ms``; None for the newest alone."""
    return getattr(dataset, "window", None)


def newest_names(dataset: LabelledDataset) -> tuple[str, ...]:
    """Feature names; in windows the newest value of a feature has the name of the feature."""
    return tuple(name.removesuffix(NEWEST) for name in dataset.feature_names)


def thresholds_of(dataset: LabelledDataset) -> Mapping[str, Any] | None:
    """Thresholds its labels came from; None when its metadata has none."""
    thresholds = dataset.meta.get("thresholds")
    return thresholds if isinstance(thresholds, Mapping) else None


def _trained_on(dataset: LabelledDataset) -> tuple[tuple[int, int], ...] | None:
    train, gap, test = (timestamps_of(dataset, split) for split in ("train", "gap", "test"))
    if train is None or gap is None or test is None:
        return None
    return time_ranges(train, np.concatenate([gap, test]))
