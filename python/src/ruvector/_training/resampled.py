"""Scores of many draws of blocks at once, for every task: how sure a score, or a difference, is.

A draw is a weight for each row: how often its blocks were taken. The blocks of the default seed are
those of ``bootstrap``, and so of the daemon's gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bootstrap import REPLICATES, SEED, uniform
from .tasks import Task

__all__ = ["Truths", "draw_scores", "score_answers", "score_key", "sign_of"]

_SCORE_KEYS: dict[Task, str] = {
    "classification": "macroF1",
    "anomaly": "averagePrecision",
    "forecast": "mae",
}
_CELLS_AT_ONCE = 8_000_000

Weights = NDArray[np.float32]


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
    return float(_score(truths, answers, np.ones((1, len(answers)), np.float32))[0])


def draw_scores(
    truths: Truths,
    answers: Sequence[NDArray[Any]],
    *,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> NDArray[np.float64]:
    """Scores of each of several answers on the same draws, shape (len(answers), replicates)."""
    rows = len(truths.expected)
    parts = [
        [_score(truths, each, weights) for each in answers]
        for weights in _draw_weights(rows, truths.block, seed, replicates)
    ]
    return np.stack([np.concatenate(column) for column in zip(*parts, strict=True)])


def _draw_weights(rows: int, block: int, seed: int, replicates: int) -> Iterator[Weights]:
    blocks = -(-rows // block)
    lengths = np.full(blocks, block)
    lengths[-1] = rows - (blocks - 1) * block
    drawn = uniform(replicates * blocks, seed).reshape(replicates, blocks)
    starts = np.floor(drawn * (rows - block + 1)).astype(np.int64)
    size = max(1, _CELLS_AT_ONCE // rows)
    for at in range(0, replicates, size):
        part = starts[at : at + size]
        # A block adds one where it begins and takes one where it ends; the sum is the weight.
        steps = np.zeros((len(part), rows + 1), dtype=np.float32)
        draws = np.broadcast_to(np.arange(len(part))[:, None], part.shape)
        np.add.at(steps, (draws, part), 1)
        np.subtract.at(steps, (draws, part + lengths), 1)
        yield np.cumsum(steps, axis=1, out=steps)[:, :rows]


def _score(truths: Truths, answers: NDArray[Any], weights: Weights) -> NDArray[np.float64]:
    if truths.task == "classification":
        return _macro_f1(truths, answers, weights)
    if truths.task == "anomaly":
        return _average_precision(truths.expected, answers, weights)
    errors = np.abs(truths.expected - answers).astype(np.float64)
    return np.asarray((weights @ errors) / weights.sum(axis=1))


def _macro_f1(truths: Truths, answers: NDArray[Any], weights: Weights) -> NDArray[np.float64]:
    # F1 = 2 TP / (rows that came + rows answered), each weighted
    classes = np.asarray(truths.classes)
    came = truths.expected[:, None] == classes
    said = answers[:, None] == classes
    counts = weights @ np.concatenate([came & said, came, said], axis=1).astype(np.float32)
    hits, all_came, all_said = np.split(counts.astype(np.float64), 3, axis=1)
    return np.asarray((2 * hits / np.maximum(all_came + all_said, 1)).mean(axis=1))


def _average_precision(
    expected: NDArray[Any], scores: NDArray[Any], weights: Weights
) -> NDArray[np.float64]:
    # As scikit-learn: the sum of (recall_n - recall_{n-1}) * precision_n over distinct scores.
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    drawn = weights[:, order]
    seen = np.cumsum(drawn, axis=1, dtype=np.float64)[:, last]
    found = np.cumsum(drawn * (expected[order] > 0), axis=1, dtype=np.float64)[:, last]
    gained = np.diff(found, axis=1, prepend=0)
    all_found = np.maximum(found[:, -1], 1)
    return np.asarray((gained * found / np.maximum(seen, 1)).sum(axis=1) / all_found)
