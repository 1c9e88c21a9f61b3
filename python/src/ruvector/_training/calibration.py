"""Whether a stated probability is kept: reliability by bins, and the expected calibration error.

After Guo and others, "On calibration of modern neural networks" (ICML 2017): of the most probable
class, in bins of equal width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["measure_calibration"]

_BINS = 10


def measure_calibration(
    expected: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[Any]
) -> dict[str, Any]:
    """Build the reliability bins of a classifier, JSON-safe.

    Parameters
    ----------
    expected, predicted : ndarray of int64, shape (n,)
        Label indices.
    probabilities : ndarray, shape (n, k)
        Probability of each class.

    Returns
    -------
    dict
        ``ece``, and ``bins`` with ``low``, ``high``, ``rows``, mean ``confidence`` and
        ``accuracy``; the last two are 0 where a bin has no rows.

    """
    confidence = np.clip(np.asarray(probabilities, dtype=np.float64).max(axis=1), 0, 1)
    right = expected == predicted
    places = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    rows = np.bincount(places, minlength=_BINS)
    stated = np.bincount(places, confidence, _BINS) / np.maximum(rows, 1)
    kept = np.bincount(places, right, _BINS) / np.maximum(rows, 1)
    error = float((np.abs(stated - kept) * rows).sum() / max(int(rows.sum()), 1))
    bins = [
        {
            "low": at / _BINS,
            "high": (at + 1) / _BINS,
            "rows": int(rows[at]),
            "confidence": float(stated[at]),
            "accuracy": float(kept[at]),
        }
        for at in range(_BINS)
    ]
    return {"ece": error, "bins": bins}
