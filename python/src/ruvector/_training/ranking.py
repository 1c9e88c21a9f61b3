"""How well a score ranks anomalous rows above the others: average precision and area under ROC.

Both take how often each row was drawn, so that a bootstrap is one call for many draws. They equal
scikit-learn's ``average_precision_score`` and ``roc_auc_score``; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import count_draws, interval_of

__all__ = ["Ranking", "rank", "rank_draws"]


@dataclass(frozen=True)
class Ranking:
    """How well a score ranks; None without rows of both kinds.

    Attributes
    ----------
    average_precision, roc_auc : float or None
    interval, roc_auc_interval : list of float or None
        95 % of a moving-block bootstrap, ``[low, high]``.

    """

    average_precision: float | None = None
    roc_auc: float | None = None
    interval: list[float] | None = None
    roc_auc_interval: list[float] | None = None


def rank(anomalous: NDArray[np.bool_], score: NDArray[np.float64], block: int) -> Ranking:
    """Rank rows in time order by a score, larger = more anomalous.

    Parameters
    ----------
    anomalous : ndarray of bool, shape (n,)
        Truth.
    score : ndarray of float, shape (n,)
        NaN counts as the lowest.
    block : int
        Rows of a bootstrap block.

    """
    if anomalous.all() or not anomalous.any():
        return Ranking()
    precisions, areas = [], []
    for counts in count_draws(len(score), block):
        precision, area = rank_draws(anomalous, score, counts)
        precisions.append(precision)
        areas.append(area)
    point = rank_draws(anomalous, score, np.ones((1, len(score)), dtype=np.int64))
    return Ranking(
        float(point[0][0]),
        float(point[1][0]),
        interval_of(np.concatenate(precisions)),
        interval_of(np.concatenate(areas)),
    )


def rank_draws(
    anomalous: NDArray[np.bool_], score: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average precision and area of each row of ``counts``; NaN where only one kind was drawn."""
    finite = np.nan_to_num(score, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    order = np.argsort(-finite, kind="stable")
    firsts = np.flatnonzero(np.diff(finite[order], prepend=np.inf) != 0)
    if len(firsts) == 0 or firsts[0] != 0:
        firsts = np.concatenate([[0], firsts])
    drawn = counts[:, order]
    hits = np.add.reduceat(np.where(anomalous[order], drawn, 0), firsts, axis=1)
    misses = np.add.reduceat(np.where(anomalous[order], 0, drawn), firsts, axis=1)
    above, false_above = hits.cumsum(axis=1), misses.cumsum(axis=1)
    n_hits, n_misses = above[:, -1:], false_above[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(above > 0, above / np.maximum(above + false_above, 1), 0.0)
        average = (hits / n_hits * precision).sum(axis=1)
        below = n_misses - false_above
        area = (hits * (below + misses / 2)).sum(axis=1) / (n_hits * n_misses)[:, 0]
    return average, area
