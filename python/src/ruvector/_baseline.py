"""What a model must beat: always the most frequent class, and one threshold on memory usage.

Both are fitted on the train split and scored on the test split, like the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._report import confusion_matrix, macro_f1

__all__ = ["UsageThreshold", "fit_majority", "fit_usage_threshold", "score_baselines"]

USAGE_FEATURE = "usage_percent"
_MAX_CANDIDATES = 256


class UsageThreshold:
    """Answers ``above`` when usage is at least ``threshold``, else ``below``.

    Parameters
    ----------
    threshold : float
        Percent of memory in use.
    below, above : int
        Label index of each side.

    """

    def __init__(self, threshold: float, below: int, above: int) -> None:
        self.threshold = threshold
        self.below = below
        self.above = above

    def predict(self, usage: NDArray[np.float32]) -> NDArray[np.int64]:
        """Label index of each row; NaN counts as below."""
        return np.where(usage >= self.threshold, self.above, self.below).astype(np.int64)


def fit_majority(y: NDArray[np.int64]) -> int:
    """Most frequent class, the lowest index among equals."""
    return int(np.argmax(np.bincount(y)))


def fit_usage_threshold(usage: NDArray[np.float32], y: NDArray[np.int64]) -> UsageThreshold:
    """Find the threshold and the two answers with the best macro-F1 on the training rows.

    Parameters
    ----------
    usage : ndarray of float32, shape (n,)
        Percent of memory in use.
    y : ndarray of int64, shape (n,)
        Label indices.

    """
    classes, codes = np.unique(y, return_inverse=True)
    candidates = _candidates(usage)
    totals = np.bincount(codes, minlength=len(classes))
    order = np.argsort(usage, kind="stable")  # NaN last: counted as below, see `above`
    finite = int(np.count_nonzero(~np.isnan(usage)))
    starts = np.searchsorted(usage[order[:finite]], candidates, side="left")
    one_hot = np.eye(len(classes), dtype=np.int64)[codes[order[:finite]]]
    cumulative = np.vstack([np.zeros(len(classes), dtype=np.int64), np.cumsum(one_hot, axis=0)])
    above = cumulative[-1] - cumulative[starts]  # (candidates, classes)
    best = _best_pair(above, totals - above, totals)
    return UsageThreshold(float(candidates[best[0]]), int(classes[best[1]]), int(classes[best[2]]))


def _candidates(usage: NDArray[np.float32]) -> NDArray[np.float32]:
    values = np.unique(usage[~np.isnan(usage)])
    if len(values) == 0:
        return np.zeros(1, dtype=np.float32)
    picks = np.linspace(0, len(values) - 1, min(len(values), _MAX_CANDIDATES)).astype(int)
    return np.asarray(values[picks])


def _best_pair(
    above: NDArray[np.int64], below: NDArray[np.int64], totals: NDArray[np.int64]
) -> tuple[int, int, int]:
    # F1 of the answer given on a side: 2 TP / (rows answered + rows of that class)
    f1_above = 2 * above / np.maximum(above.sum(axis=1, keepdims=True) + totals, 1)
    f1_below = 2 * below / np.maximum(below.sum(axis=1, keepdims=True) + totals, 1)
    score = f1_below[:, :, None] + f1_above[:, None, :]
    same = np.eye(len(totals), dtype=bool)
    score[:, same] = -1.0
    candidate, low, high = np.unravel_index(int(np.argmax(score)), score.shape)
    return int(candidate), int(low), int(high)


def score_baselines(
    feature_names: Sequence[str],
    train: tuple[NDArray[np.float32], NDArray[np.int64]],
    test: tuple[NDArray[np.float32], NDArray[np.int64]],
    classes: Sequence[int],
    labels: Sequence[str],
) -> dict[str, Any]:
    """Fit both baselines on ``train`` and score them on ``test``, JSON-safe.

    ``usageThreshold`` is null when the data set has no feature ``usage_percent``.
    """

    def scores(predicted: NDArray[np.int64]) -> dict[str, float]:
        matrix = confusion_matrix(test[1], predicted, len(labels))
        return {
            "macroF1": macro_f1(matrix, classes),
            "accuracy": float(np.diag(matrix).sum() / max(int(matrix.sum()), 1)),
        }

    majority = fit_majority(train[1])
    result: dict[str, Any] = {
        "majority": {
            "label": labels[majority],
            **scores(np.full(len(test[1]), majority, dtype=np.int64)),
        },
        "usageThreshold": None,
    }
    if USAGE_FEATURE in feature_names:
        column = list(feature_names).index(USAGE_FEATURE)
        rule = fit_usage_threshold(train[0][:, column], train[1])
        result["usageThreshold"] = {
            "threshold": rule.threshold,
            "below": labels[rule.below],
            "above": labels[rule.above],
            **scores(rule.predict(test[0][:, column])),
        }
    return result
