"""What a model must beat: the most frequent class, a threshold on memory usage, and persistence.

The first two are fitted on the train split. Persistence fits nothing: the thresholds of the labels,
applied to the last seconds of a row, as ``src/prepare/persistence.ts`` does it too. All are scored
on the test split, like the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scores import confusion_matrix, macro_f1

__all__ = [
    "DEFAULT_THRESHOLDS",
    "UsageThreshold",
    "fit_majority",
    "fit_usage_threshold",
    "predict_persistence",
    "score_baselines",
]

USAGE_FEATURE = "usage_percent"
_MAX_CANDIDATES = 256

#: Those of ``src/prepare/labels.ts``, for a data set whose metadata has none.
DEFAULT_THRESHOLDS: Mapping[str, float] = {
    "stallSomeShould": 0.001,
    "stallSomeAggressive": 0.035,
    "stallFullCritical": 0.05,
    "comebackPercentPerMinuteShould": 0.2,
    "stallSomeWithComeback": 0.0005,
    "availablePercentAggressive": 10,
    "availablePercentCritical": 4,
}

# Data sets of an earlier version counted refaults without any stall: their labels are of that rule.
_BEFORE_STALL_WAS_ASKED = {"stallSomeWithComeback": 0.0}

#: Features that say how the host fares; without one of them there is no persistence.
_PERSISTENCE_FEATURES = (
    "psi_memory_some",
    "psi_memory_full",
    "available_percent",
    "usage_percent",
)
_SEVERITIES = ("NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical")


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


def predict_persistence(
    feature_names: Sequence[str],
    rows: NDArray[np.float32],
    labels: Sequence[str],
    thresholds: Mapping[str, Any],
) -> NDArray[np.int64] | None:
    """Label index that the last seconds of each row would have had.

    A feature that is not there, and a value that is NaN, reaches no threshold. No feature counts
    kills, so that only stall and available memory make a row critical.

    Returns
    -------
    ndarray of int64 or None
        None without features to look at, or when ``labels`` are not those of the host.

    """
    names = list(feature_names)
    if not set(_SEVERITIES) <= set(labels) or not set(_PERSISTENCE_FEATURES) & set(names):
        return None

    def read(name: str) -> NDArray[np.float64]:
        if name not in names:
            return np.full(len(rows), np.nan)
        return rows[:, names.index(name)].astype(np.float64)

    limit = {name: float(value) for name, value in thresholds.items()}
    some, full = read("psi_memory_some"), read("psi_memory_full")
    available = _known(read("available_percent"), 100 - read("usage_percent"))
    comeback = _comeback_percent_per_minute(read)
    # A comparison with NaN is false.
    by_severity = {
        "ShouldOptimize": (some >= limit["stallSomeShould"])
        | (
            (comeback >= limit["comebackPercentPerMinuteShould"])
            & (some >= limit["stallSomeWithComeback"])
        ),
        "ShouldOptimizeAggressive": (some >= limit["stallSomeAggressive"])
        | (available <= limit["availablePercentAggressive"]),
        "Critical": (full >= limit["stallFullCritical"])
        | (available <= limit["availablePercentCritical"]),
    }
    predicted = np.full(len(rows), labels.index("NoActionNeeded"), dtype=np.int64)
    for name, reached in by_severity.items():
        predicted[reached] = labels.index(name)
    return predicted


def _comeback_percent_per_minute(
    read: Callable[[str], NDArray[np.float64]],
) -> NDArray[np.float64]:
    # Rates are log(1 + millionths of MemTotal a second); a page swapped in is a refault too.
    file, anon, swap_in = (
        np.expm1(np.nan_to_num(read(name)))
        for name in ("refault_file_rate", "refault_anon_rate", "swap_in_rate")
    )
    used = _known(read("usage_percent"), 100 - read("available_percent"))
    share = np.clip(used, 1e-6, 100) / 100
    return np.asarray((file + np.maximum(anon, swap_in)) / 1e6 * 60 * 100 / share)


def _known(values: NDArray[np.float64], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), otherwise, values)


def score_baselines(
    feature_names: Sequence[str],
    train: tuple[NDArray[np.float32], NDArray[np.int64]],
    test: tuple[NDArray[np.float32], NDArray[np.int64]],
    classes: Sequence[int],
    labels: Sequence[str],
    thresholds: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Fit the baselines on ``train`` and score them on ``test``, JSON-safe.

    ``usageThreshold`` is null when the data set has no feature ``usage_percent``, ``persistence``
    when it has neither stall nor memory features, or labels that are not those of the host.
    ``thresholds`` are those of the data set, by default ``DEFAULT_THRESHOLDS``.
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
        "persistence": None,
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
    limits = {
        **DEFAULT_THRESHOLDS,
        **(_BEFORE_STALL_WAS_ASKED | dict(thresholds) if thresholds else {}),
    }
    predicted = predict_persistence(feature_names, test[0], labels, limits)
    if predicted is not None:
        used = {name: float(limits[name]) for name in DEFAULT_THRESHOLDS}
        result["persistence"] = {"thresholds": used, "predicted": predicted, **scores(predicted)}
    return result
