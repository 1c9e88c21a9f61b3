"""Figures behind the pictures of anomaly detectors and forecasts: curves and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["describe_detection", "describe_forecast"]

_POINTS = 60
_BINS = 20


def describe_detection(expected: NDArray[Any], scores: NDArray[Any]) -> dict[str, Any]:
    """Precision and recall over thresholds, and how scores lie, JSON-safe.

    Parameters
    ----------
    expected : ndarray, shape (n,)
        1 for a row that was anomalous, else 0.
    scores : ndarray, shape (n,)
        Larger is more anomalous.

    """
    anomalous = expected > 0
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(anomalous[order])[last]
    picked = np.unique(np.linspace(0, len(last) - 1, min(_POINTS, len(last))).astype(int))
    edges = np.linspace(*_ends(scores), _BINS + 1)
    return {
        "anomalousShare": float(anomalous.mean()),
        "precisionRecall": [
            {
                "threshold": float(scores[order[last[at]]]),
                "recall": float(found[at] / max(int(found[-1]), 1)),
                "precision": float(found[at] / (last[at] + 1)),
            }
            for at in picked
        ],
        "scores": {
            "edges": edges.tolist(),
            "normal": np.histogram(scores[~anomalous], edges)[0].tolist(),
            "anomalous": np.histogram(scores[anomalous], edges)[0].tolist(),
        },
    }


def describe_forecast(
    expected: NDArray[Any], predicted: NDArray[Any], timestamps: NDArray[np.int64] | None
) -> dict[str, Any]:
    """How errors lie, and the newest rows with what was foreseen for them, JSON-safe.

    Parameters
    ----------
    expected, predicted : ndarray, shape (n,)
        What came one horizon later, and the forecast.
    timestamps : ndarray of int64, optional
        Milliseconds of each row; without them rows count as seconds.

    """
    errors = np.asarray(predicted - expected, dtype=np.float64)
    edges = np.linspace(*_ends(errors), _BINS + 1)
    times = np.arange(len(errors)) if timestamps is None else (timestamps - timestamps[0]) / 1000
    newest = slice(-2 * _POINTS, None)
    rows = zip(times[newest], expected[newest], predicted[newest], strict=True)
    return {
        "bias": float(errors.mean()),
        "errors": {"edges": edges.tolist(), "rows": np.histogram(errors, edges)[0].tolist()},
        "newest": [
            {"seconds": float(at), "actual": float(came), "predicted": float(said)}
            for at, came, said in rows
        ],
    }


def _ends(values: NDArray[Any]) -> tuple[float, float]:
    # One outlier would squeeze all other rows into one bar; what lies outside is left out.
    low, high = np.quantile(values, (0.005, 0.995))
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(high) + 0.5)
