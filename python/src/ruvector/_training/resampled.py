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
    return float(_score_all(truths, [answers], np.ones((1, len(answers)), np.int64))[0, 0])


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
        _score_all(truths, answers, counts)
        for counts in count_draws(rows, truths.block, seed=seed, draws=draws)
    ]
    return np.concatenate(parts, axis=1)


def _score_all(
    truths: Truths, answers: Sequence[NDArray[Any]], counts: Counts
) -> NDArray[np.float64]:
    if truths.task == "classification":
        return _macro_f1(truths, answers, counts)
    if truths.task == "anomaly":
        anomalous = truths.expected > 0
        return np.stack(
            [rank_draws(anomalous, each.astype(np.float64), counts)[0] for each in answers]
        )
    errors = np.abs(truths.expected - np.stack(answers)).astype(np.float64)
    return np.asarray(errors @ counts.T / counts.sum(axis=1))


def _macro_f1(
    truths: Truths, answers: Sequence[NDArray[Any]], counts: Counts
) -> NDArray[np.float64]:
    # F1 = 2 TP / (rows that came + rows answered), each as often as it was drawn. One product for
    # all answers, in float32, which is exact for counts.
    classes = np.asarray(truths.classes)
    came = truths.expected[:, None] == classes
    said = np.stack([each[:, None] == classes for each in answers])
    cells = np.concatenate([came[None], said, came & said]).astype(np.float32)
    flat = cells.transpose(1, 0, 2).reshape(len(came), -1)
    found = (counts.astype(np.float32) @ flat).reshape(len(counts), len(cells), len(classes))
    all_came, all_said, hits = np.split(found.astype(np.float64), [1, 1 + len(answers)], axis=1)
    f1 = 2 * hits / np.maximum(all_came + all_said, 1)
    return np.asarray(f1.mean(axis=2).T)
