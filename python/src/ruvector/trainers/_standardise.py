"""Mean and scale of the columns of training rows, for networks that standardise in their graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["column_statistics"]

Columns = NDArray[np.float32]


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
    known = ~np.isnan(columns)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, columns - mean, 0) ** 2).sum(axis=0) / count)
    # float32 does not tell smaller spreads from rounding.
    changes = spread > 1e-6 * np.maximum(np.abs(mean), 1e-30)
    scale = np.where(changes, 1 / np.where(changes, spread, 1), 0)
    return np.tile(mean, steps).astype(np.float32), np.tile(scale, steps).astype(np.float32)
