"""What the held-out rows say of a model beside its scores: the manifest and the report hold it.

Comparison with the rules, calibration, importance of the features, and what the pictures of the
other tasks show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._untyped import Estimator
from .answers import Answers, ask_framework
from .bootstrap import block_length
from .calibration import measure_calibration
from .comparison import compare_with_rules
from .graphs import holds_rows
from .held_out import HeldOutRows
from .importance import MAX_EVALUATIONS, measure_importance
from .resampled import Truths
from .task_curves import describe_detection, describe_forecast
from .tasks import Task

__all__ = ["AssessedModel", "assess", "deciding_answers", "truths_of"]


@dataclass(frozen=True)
class AssessedModel:
    """A fitted model with what is needed to ask it.

    Attributes
    ----------
    model : estimator
        Fitted.
    task : Task
    classes : tuple of int
        Label index of each probability column; of a classification only.
    feature_names : tuple of str
        Columns of the rows.
    labels : tuple of str
        All label names.
    horizon_ms : float or None
        How far labels look ahead.

    """

    model: Estimator
    task: Task
    classes: tuple[int, ...]
    feature_names: tuple[str, ...]
    labels: tuple[str, ...]
    horizon_ms: float | None

    def ask(self, X: NDArray[np.float32]) -> Answers:
        """Ask the framework that fitted it."""
        return ask_framework(self.model, X, self.task, self.classes)


def assess(model: AssessedModel, rows: HeldOutRows, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the metrics of a fit, JSON-safe.

    Parameters
    ----------
    model : AssessedModel
        The fitted model.
    rows : HeldOutRows
        Rows it was not trained on, in time order.
    metrics : mapping
        Its scores on them, with those of the rules as ``baseline``; not changed.

    """
    with threadpool_limits(limits=1):
        return _assess(model, rows, metrics)


def _assess(model: AssessedModel, rows: HeldOutRows, metrics: Mapping[str, Any]) -> dict[str, Any]:
    answers = model.ask(rows.X)
    truths = truths_of(model, rows, metrics)
    decided = deciding_answers(answers, model.task)
    comparison, by_rule = compare_with_rules(truths, decided, rows.baselines)
    found = {
        **metrics,
        "baseline": {
            name: facts if not facts else {**facts, **by_rule.get(name, {})}
            for name, facts in metrics["baseline"].items()
        },
        "comparison": comparison,
    }
    if model.task == "classification":
        found["calibration"] = measure_calibration(rows.y, answers.label, answers.numbers)
    elif model.task == "anomaly":
        found["detection"] = describe_detection(truths.expected, decided)
    else:
        found["forecast"] = describe_forecast(truths.expected, decided, rows.timestamps)
    found["importance"] = measure_importance(
        lambda X: deciding_answers(model.ask(X), model.task),
        rows.X,
        truths,
        model.feature_names,
        # One that asks the rows it learnt from takes a hundred times as long for an answer.
        evaluations=MAX_EVALUATIONS // 2 if holds_rows(model.model) else MAX_EVALUATIONS,
    )
    return found


def deciding_answers(answers: Answers, task: Task) -> NDArray[Any]:
    """Take what the score of a task is of: label indices, or scores, or values."""
    return answers.label if task == "classification" else answers.numbers[:, 0]


def truths_of(model: AssessedModel, rows: HeldOutRows, metrics: Mapping[str, Any]) -> Truths:
    """Take what came in held-out rows, as scores are drawn from it."""
    block = block_length(len(rows.y), rows.timestamps, model.horizon_ms)
    return Truths(model.task, rows.y, _classes(model.labels, metrics), block)


def _classes(labels: Sequence[str], metrics: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(labels.index(name) for name in metrics.get("averagedOver", ()))
