"""What networks need of their training rows: the rows of a window, means and deviations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._exceptions import FeatureMismatchError

__all__ = ["STANDARD_LIMIT", "column_statistics", "count_steps", "is_even"]

Columns = NDArray[np.float32]

#: Standard deviations that a value counts at most: no training row came near it, a host may.
STANDARD_LIMIT = 10.0


def count_steps(name: str, columns: int, window: tuple[int, int] | None) -> int:
    """Rows of a window in a row of so many columns; 1 without a window.

    Raises
    ------
    FeatureMismatchError
        The columns are not those of that window.

    """
    steps, features = window or (1, columns)
    if steps * features == columns:
        return steps
    raise FeatureMismatchError(
        f"Cannot fit {name} on {columns} columns as windows of {steps} rows of {features} "
        f"features: that would be {steps * features}; leave window to ruvector.fit(), or set it to "
        "(rows of a window, features of a row)"
    )


def column_statistics(X: Columns, steps: int) -> tuple[Columns, Columns]:
    """Mean and 1 / deviation of each column, NaN left out; the rows of a window share theirs.

    The scale of a column that never changed is 0: in a network it never matters, whatever a host
    finds in it later.

    Parameters
    ----------
    X : ndarray of float32, shape (n, steps * d)
        Training rows.
    steps : int
        Rows of a window; 1 without.

    """
    columns = X.reshape(len(X) * steps, -1).astype(np.float64)
    absent = np.isnan(columns)
    if absent.any():
        count = np.maximum((~absent).sum(axis=0), 1)
        mean = np.where(absent, 0, columns).sum(axis=0) / count
        spread = np.sqrt((np.where(absent, 0, columns - mean) ** 2).sum(axis=0) / count)
    else:
        mean, spread = columns.mean(axis=0), columns.std(axis=0)
    # float32 does not tell smaller spreads from rounding.
    changes = spread > 1e-6 * np.maximum(np.abs(mean), 1e-30)
    scale = np.where(changes, 1 / np.where(changes, spread, 1), 0)
    return np.tile(mean, steps).astype(np.float32), np.tile(scale, steps).astype(np.float32)


def is_even(weight: NDArray[np.float32]) -> bool:
    """Whether all rows weigh the same, and something."""
    return bool(len(weight) > 0 and weight[0] > 0 and (weight == weight[0]).all())
