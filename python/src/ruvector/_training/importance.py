"""What a model loses on held-out rows when one feature is shuffled.

Whole blocks of time change places, not rows: a shuffled row would stand beside neighbours that look
nothing like it, and every feature that moves slowly would seem to matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bootstrap import interval_of
from .resampled import Truths, draw_scores, score_answers, score_key, sign_of

__all__ = ["MAX_EVALUATIONS", "measure_importance"]

#: Bounds of the work, which lies between a fit and the first decision of its model: rows times
#: features, and never fewer rows than this.
MAX_EVALUATIONS = 12_000
_MIN_ROWS = 200
_DRAWS = 200
# The columns of a window are one feature at several times: "usage_percent@-3".
_TIME_SUFFIX = re.compile(r"@-\d+$")

Predict = Callable[[NDArray[np.float32]], NDArray[Any]]


def measure_importance(
    predict: Predict,
    X: NDArray[np.float32],
    truths: Truths,
    feature_names: Sequence[str],
    seed: int = 0,
    evaluations: int = MAX_EVALUATIONS,
) -> dict[str, Any]:
    """Measure permutation importance on the newest held-out rows, JSON-safe.

    Parameters
    ----------
    predict : callable
        Answers of the model to rows.
    X : ndarray of float32, shape (n, d)
        Held-out rows in time order.
    truths : Truths
        What came.
    feature_names : sequence of str
        Names of the columns; those of a window are shuffled together.
    seed : int, default 0
        Of the shuffles.
    evaluations : int, default 12,000
        Rows times features at most, but for 200 rows.

    Returns
    -------
    dict
        ``score``, ``rows``, and ``features`` with ``drop`` and its 95 % ``interval``, the most
        important first; none where these rows have no score, as those of one label for a detector.

    """
    columns: dict[str, list[int]] = {}
    for at, name in enumerate(feature_names):
        columns.setdefault(_TIME_SUFFIX.sub("", name), []).append(at)
    rows = min(len(X), max(_MIN_ROWS, evaluations // len(columns)))
    X, truths = X[-rows:], replace(truths, expected=truths.expected[-rows:])
    truths = replace(truths, block=max(1, min(truths.block, rows // 5)))
    order = _shuffle_blocks(rows, truths.block, np.random.default_rng(seed))
    shuffled = [_with_shuffled(X, held, order) for held in columns.values()]
    answers = _ask(predict, X, shuffled)
    scores = [score_answers(truths, each) for each in answers]
    found = {"score": score_key(truths.task), "rows": rows}
    if not np.isfinite(scores[0]):
        return {**found, "features": []}
    drawn = draw_scores(truths, answers, draws=_DRAWS)
    sign = sign_of(truths.task)
    features: list[dict[str, Any]] = []
    for name, score, draws in zip(columns, scores[1:], drawn[1:], strict=True):
        interval = interval_of(sign * (drawn[0] - draws))
        drop = sign * (scores[0] - score)
        features.append({"feature": name, "drop": drop, "interval": interval})
    features.sort(key=lambda each: -float(each["drop"]))
    return {**found, "features": features}


def _ask(
    predict: Predict, X: NDArray[np.float32], shuffled: Sequence[NDArray[np.float32]]
) -> list[NDArray[Any]]:
    """Answers to the rows and to each of their variants, all at once.

    A row that its variant left as it was has its answer already: half of them, with features that
    seldom change.
    """
    changed = [(variant != X).any(axis=1) for variant in shuffled]
    asked = [variant[rows] for variant, rows in zip(shuffled, changed, strict=True)]
    ends = np.cumsum([len(X), *(len(part) for part in asked)])
    plain, *parts = np.split(predict(np.concatenate([X, *asked])), ends[:-1])
    answers = [plain]
    for rows, part in zip(changed, parts, strict=True):
        answers.append(plain.copy())
        answers[-1][rows] = part
    return answers


def _shuffle_blocks(rows: int, block: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order in which no block stays where it is."""
    parts = np.array_split(np.arange(rows), max(2, rows // block))
    cycle = rng.permutation(len(parts))
    follower = dict(zip(cycle.tolist(), np.roll(cycle, 1).tolist(), strict=True))
    return np.concatenate([parts[follower[at]] for at in range(len(parts))])


def _with_shuffled(
    X: NDArray[np.float32], columns: list[int], order: NDArray[np.int64]
) -> NDArray[np.float32]:
    changed = X.copy()
    changed[:, columns] = X[order][:, columns]
    return changed
