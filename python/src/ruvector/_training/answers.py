"""What a model says of rows, in one shape for all tasks: a label and numbers for each row."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._untyped import Estimator
from .tasks import Task

__all__ = ["Answers", "Rows", "ask_framework", "from_tensors", "is_tie", "is_undecided"]

TIE_MARGIN = 1e-4
# A score this close to 0 may fall on either side of it in another runtime.
_SCORE_MARGIN = 2e-5

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """Answers to n rows.

    Attributes
    ----------
    label : ndarray of int64, shape (n,)
        classification: label index. anomaly: 1 = anomalous. forecast: 0.
    numbers : ndarray of float, shape (n, k)
        classification: probability of each class. anomaly: the score. forecast: the value.

    """

    label: NDArray[np.int64]
    numbers: NDArray[Any]


def ask_framework(model: Estimator, X: Rows, task: Task, classes: Sequence[int] | None) -> Answers:
    """Ask the fitted model itself; NaN where it cannot answer (an extreme that overflows)."""
    width = len(classes or ()) if task == "classification" else 1
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        numbers = _ask(model, X, task, width)
    return Answers(_label(numbers, task, classes), numbers)


def _ask(model: Estimator, X: Rows, task: Task, width: int) -> NDArray[np.float64]:
    if len(X) == 0:
        return np.zeros((0, width))
    try:
        return _NUMBERS[task](model, X)
    except ValueError:
        if len(X) == 1:
            return np.full((1, width), np.nan)
        half = len(X) // 2
        return np.concatenate([_ask(model, part, task, width) for part in (X[:half], X[half:])])


def _probabilities(model: Estimator, X: Rows) -> NDArray[np.float64]:
    return np.asarray(model.predict_proba(X), dtype=np.float64)


def _scores(model: Estimator, X: Rows) -> NDArray[np.float64]:
    # scikit-learn: a decision below 0 is an outlier
    return -np.asarray(model.decision_function(X), dtype=np.float64).reshape(-1, 1)


def _values(model: Estimator, X: Rows) -> NDArray[np.float64]:
    return np.asarray(model.predict(X), dtype=np.float64).reshape(-1, 1)


_Asked = Callable[[Estimator, Rows], NDArray[np.float64]]
_NUMBERS: Mapping[Task, _Asked] = {
    "classification": _probabilities,
    "anomaly": _scores,
    "forecast": _values,
}


def _label(
    numbers: NDArray[np.float64], task: Task, classes: Sequence[int] | None
) -> NDArray[np.int64]:
    if task == "classification":
        columns = np.asarray(classes, dtype=np.int64)
        return np.asarray(columns[numbers.argmax(axis=1)])
    if task == "anomaly":
        return np.asarray(numbers[:, 0] > 0, dtype=np.int64)
    return np.zeros(len(numbers), dtype=np.int64)


def from_tensors(tensors: Mapping[str, NDArray[Any]], task: Task) -> Answers:
    """Read the output tensors of an ONNX model, by their names."""
    if task == "classification":
        return Answers(tensors["label"], tensors["probabilities"])
    if task == "anomaly":
        return Answers(tensors["label"], tensors["score"].reshape(-1, 1))
    value = tensors["value"].reshape(-1, 1)
    return Answers(np.zeros(len(value), dtype=np.int64), value)


def is_undecided(numbers: NDArray[Any], task: Task) -> NDArray[np.bool_]:
    """Rows whose label is a coin toss between runtimes."""
    if task == "classification":
        return is_tie(numbers)
    if task == "anomaly":
        return np.asarray(np.abs(numbers[:, 0]) <= _SCORE_MARGIN)
    return np.zeros(len(numbers), dtype=bool)


def is_tie(probabilities: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows whose two best classes are closer than rounding can tell apart."""
    best = np.sort(probabilities, axis=1)
    return np.asarray(best[:, -1] - best[:, -2] <= TIE_MARGIN)
