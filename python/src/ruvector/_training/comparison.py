"""Whether a model is better than the best rule, and why: drawn on the same held-out blocks.

Better means that the 95 % interval of the difference lies above zero; not that a score is higher,
nor that two intervals do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bootstrap import interval_of
from .resampled import Truths, draw_scores, score_answers, score_key, sign_of

__all__ = ["compare_with_rules"]

MIN_ROWS = 30
_SCORE_NAMES = {
    "macroF1": "macro-F1",
    "averagePrecision": "average precision",
    "mae": "mean absolute error",
}


def compare_with_rules(
    truths: Truths, answers: NDArray[Any], rules: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Hold a model against each rule on the same draws.

    Parameters
    ----------
    truths : Truths
        What came.
    answers : ndarray, shape (n,)
        Answers of the model.
    rules : mapping of str to ndarray
        Answers of each rule.

    Returns
    -------
    (dict, dict)
        What the first line of a report says: ``rule`` (the best one), ``difference`` and its
        ``interval``, ``better`` (True, False or None: it cannot be told) and ``sentence``; and the
        ``difference`` and ``differenceInterval`` of each rule. Differences above zero favour the
        model, also where the score is an error.

    """
    shortage = _shortage(truths)
    if shortage or not rules:
        told = shortage or "there is no rule for this data to hold it against"
        return {
            "better": None,
            "sentence": f"Cannot tell whether it is better than a rule: {told}.",
        }, {}
    sign = sign_of(truths.task)
    own, *drawn = draw_scores(truths, [answers, *rules.values()])
    score = score_answers(truths, answers)
    scores = {name: score_answers(truths, rule) for name, rule in rules.items()}
    each: dict[str, dict[str, Any]] = {
        name: {
            "difference": sign * (score - scores[name]),
            "differenceInterval": interval_of(sign * (own - rule)),
        }
        for name, rule in zip(rules, drawn, strict=True)
    }
    best = max(scores, key=lambda name: sign * scores[name])
    difference, interval = each[best]["difference"], each[best]["differenceInterval"]
    better = True if interval[0] > 0 else False if interval[1] < 0 else None
    comparison = {
        "rule": best,
        "difference": difference,
        "interval": interval,
        "better": better,
        "sentence": _tell(truths, (score, scores[best]), best, interval, better),
    }
    return comparison, each


def _shortage(truths: Truths) -> str | None:
    rows = len(truths.expected)
    if rows < MIN_ROWS:
        return f"it has {rows} held-out rows, and fewer than {MIN_ROWS} cannot tell; collect longer"
    if truths.task != "forecast" and len(np.unique(truths.expected)) < 2:
        return (
            f"its {rows} held-out rows all have one label; collect over a time in which memory "
            "gets short"
        )
    return None


def _tell(
    truths: Truths,
    scores: tuple[float, float],
    rule: str,
    interval: list[float],
    better: bool | None,
) -> str:
    claim = {
        True: "Better than the best rule",
        False: "Worse than the best rule",
        None: "Not shown to be better than the best rule",
    }[better]
    where = {True: "is above zero", False: "is below zero", None: "contains zero"}[better]
    name = _SCORE_NAMES[score_key(truths.task)]
    low, high = (f"{end:+.3f}".replace("-", "−") for end in interval)
    return (
        f"{claim}: {name} {scores[0]:.3f}, the rule {rule} {scores[1]:.3f} on "
        f"{len(truths.expected):,} held-out rows; the 95 % interval of the difference, {low} to "
        f"{high}, {where}."
    )
