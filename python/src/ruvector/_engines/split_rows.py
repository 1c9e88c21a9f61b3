"""Rows of a split, and how many of them the caller's process holds. Nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLE_ROWS", "SplitRows", "even_rows"]

#: Most rows of each split; as many as a package holds out.
SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class SplitRows:
    """Rows of a split.

    Attributes
    ----------
    X : ndarray of float32, shape (n, d)
    y : ndarray of int64, shape (n,)
    timestamps : ndarray of int64, or None
        Milliseconds.

    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    timestamps: NDArray[np.int64] | None = None

    def take(self, rows: NDArray[np.intp] | slice) -> SplitRows:
        """Take some of the rows."""
        times = self.timestamps
        return SplitRows(self.X[rows], self.y[rows], None if times is None else times[rows])


def even_rows(rows: int, most: int) -> NDArray[np.intp]:
    """Choose at most so many rows at even distances, the first and the last among them."""
    if rows <= most:
        return np.arange(rows)
    return np.unique(np.linspace(0, rows - 1, most).astype(np.intp))
