"""What a model is for, and which tensors its ONNX form answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from sklearn.base import is_classifier, is_outlier_detector, is_regressor

from .._exceptions import NotAModelError

__all__ = ["OUTPUTS", "Task", "task_of"]

Task = Literal["classification", "anomaly", "forecast"]
"""classification: a label and its probabilities. anomaly: 1 or 0 and a score, larger = more
anomalous. forecast: memory available in percent of MemTotal, one horizon after the row."""

OUTPUTS: Mapping[Task, tuple[str, ...]] = {
    "classification": ("label", "probabilities"),
    "anomaly": ("label", "score"),
    "forecast": ("value",),
}

_TASKS: tuple[Task, ...] = get_args(Task)
_KINDS: tuple[tuple[Callable[[object], bool], Task], ...] = (
    (is_classifier, "classification"),
    (is_outlier_detector, "anomaly"),
    (is_regressor, "forecast"),
)


def task_of(estimator: object) -> Task:
    """Task of an estimator: its attribute ``task``, else what scikit-learn's tags say it is.

    Raises
    ------
    NotAModelError
        It is no classifier, outlier detector or regressor and names no task.

    """
    named = getattr(estimator, "task", None)
    for task in _TASKS:
        if named == task:
            return task
    if hasattr(estimator, "__sklearn_tags__") or hasattr(estimator, "_estimator_type"):
        for is_kind, task in _KINDS:
            if _asks(is_kind, estimator):
                return task
    elif hasattr(estimator, "predict_proba"):
        return "classification"
    raise NotAModelError(
        f"Cannot use {type(estimator).__name__}: it is no classifier, outlier detector or "
        f"regressor; give it an attribute task: {', '.join(map(repr, get_args(Task)))}"
    )


def _asks(is_kind: Callable[[object], bool], estimator: object) -> bool:
    try:
        return bool(is_kind(estimator))
    except (AttributeError, TypeError):  # tags that only its last step has
        return False
