"""Scores of many draws of blocks at once, for every task: how sure a score, or a difference, is.

A draw is a weight for each row: how often its blocks were taken. The blocks of the default seed are
those of ``bootstrap``, and so of the daemon's gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bootstrap import REPLICATES, SEED, count_draws
from .ranking import rank_draws
from .tasks import Task

__all__ = ["Truths", "draw_scores", "score_answers", "score_key", "sign_of"]

_SCORE_KEYS: dict[Task, str] = {
    "classification": "macroF1",
    "anomaly": "averagePrecision",
    "forecast": "mae",
}

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Truths:
    """What came, in time order, and how answers are held against it.

    Attributes
    ----------
    task : Task
    expected : ndarray, shape (n,)
        Label indices; 1 or 0 for anomalous or not; the value that came.
    classes : tuple of int
        Label indices of the macro average; of a classification only.
    block : int
        Rows of a block, see :func:`ruvector._training.bootstrap.block_length`.

    """

    task: Task
    expected: NDArray[Any]
    classes: tuple[int, ...]
    block: int


def score_key(task: Task) -> str:
    """Key of the score that decides, in the metrics of a task."""
    return _SCORE_KEYS[task]


def sign_of(task: Task) -> int:
    """1 when a higher score is better, -1 for an error."""
    return -1 if task == "forecast" else 1


def score_answers(truths: Truths, answers: NDArray[Any]) -> float:
    """Score of answers: label indices, scores of anomaly or values, shape (n,)."""
    return float(_score(truths, answers, np.ones((1, len(answers)), np.int64))[0])


def draw_scores(
    truths: Truths,
    answers: Sequence[NDArray[Any]],
    *,
    seed: int = SEED,
    draws: int = REPLICATES,
) -> NDArray[np.float64]:
    """Scores of each of several answers on the same draws, shape (len(answers), draws)."""
    rows = len(truths.expected)
    parts = [
        [_score(truths, each, counts) for each in answers]
        for counts in count_draws(rows, truths.block, seed=seed, draws=draws)
    ]
    return np.stack([np.concatenate(column) for column in zip(*parts, strict=True)])


def _score(truths: Truths, answers: NDArray[Any], counts: Counts) -> NDArray[np.float64]:
    if truths.task == "classification":
        return _macro_f1(truths, answers, counts)
    if truths.task == "anomaly":
        return rank_draws(truths.expected > 0, answers.astype(np.float64), counts)[0]
    errors = np.abs(truths.expected - answers).astype(np.float64)
    return np.asarray((counts @ errors) / counts.sum(axis=1))


def _macro_f1(truths: Truths, answers: NDArray[Any], counts: Counts) -> NDArray[np.float64]:
    # F1 = 2 TP / (rows that came + rows answered), each weighted
    classes = np.asarray(truths.classes)
    came = truths.expected[:, None] == classes
    said = answers[:, None] == classes
    cells = np.concatenate([came & said, came, said], axis=1).astype(np.float32)
    # In float32, which is exact for counts, and BLAS multiplies it.
    found = counts.astype(np.float32) @ cells
    hits, all_came, all_said = np.split(found.astype(np.float64), 3, axis=1)
    return np.asarray((2 * hits / np.maximum(all_came + all_said, 1)).mean(axis=1))
