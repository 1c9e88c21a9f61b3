"""Score an anomaly detector on the test split: how far it ranks rows that are not calm first.

The truth is "the label is not the calm one". The baseline is memory usage itself: what a threshold
on it would rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._untyped import Estimator
from .answers import ask_framework
from .baseline import USAGE_FEATURE
from .held_out import HeldOutRows, sort_by_time
from .labelled_dataset import LabelledDataset, newest_names, timestamps_of
from .ranking import Ranking, rank
from .scored import Scored, block_of
from .targets import take_test_rows

__all__ = ["hold_out_anomalies", "score_detector"]


def score_detector(model: Estimator, dataset: LabelledDataset) -> Scored:
    """Score a fitted detector; figures are None where the test split has only one kind of rows."""
    held_out = hold_out_anomalies(dataset)
    given = ask_framework(model, held_out.X, "anomaly", None)
    block = block_of(held_out, dataset)
    anomalous = held_out.y == 1
    baseline = {
        name: _describe(rank(anomalous, np.asarray(score, dtype=np.float64), block))
        for name, score in held_out.baselines.items()
    }
    metrics = {
        **_describe(rank(anomalous, given.numbers[:, 0], block)),
        **_describe_labels(held_out.y, given.label),
        "anomalousRows": int(anomalous.sum()),
        "baseline": {"usageThreshold": None, **baseline},
    }
    return Scored(metrics, held_out)


def hold_out_anomalies(dataset: LabelledDataset) -> HeldOutRows:
    """Take the test split in time order, with memory usage as the score of the baseline."""
    X, y = take_test_rows(dataset, "anomaly")
    names, baselines = newest_names(dataset), {}
    if USAGE_FEATURE in names:
        baselines["usageThreshold"] = X[:, names.index(USAGE_FEATURE)]
    times = timestamps_of(dataset, "test")
    return sort_by_time(HeldOutRows(X, y, times, baselines, task="anomaly"))


def _describe(ranking: Ranking) -> dict[str, Any]:
    return {
        "averagePrecision": ranking.average_precision,
        "interval": ranking.interval,
        "rocAuc": ranking.roc_auc,
        "rocAucInterval": ranking.roc_auc_interval,
    }


def _describe_labels(expected: NDArray[np.int64], label: NDArray[np.int64]) -> dict[str, Any]:
    hits = int(((expected == 1) & (label == 1)).sum())
    flagged, anomalous = int((label == 1).sum()), int((expected == 1).sum())
    return {
        "precision": hits / flagged if flagged else 0.0,
        "recall": hits / anomalous if anomalous else None,
        "flaggedRows": flagged,
    }
