"""What is deployed of a search: the model it found, with the threshold it tuned."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from .._untyped import Estimator
from .graphs import (
    Graph,
    decides,
    emit,
    emit_decision,
    emit_exact,
    emits,
    exactly,
    refuse_before_fit,
)

__all__ = ["ThresholdedClassifier", "take_found"]

# The base of GridSearchCV, RandomizedSearchCV and those that halve.
SEARCHES = (BaseSearchCV,)
THRESHOLDS = (FixedThresholdClassifier, TunedThresholdClassifierCV)
# A probability that equals the threshold counts as reaching it, in float32 too.
_MARGIN = 3e-7


class ThresholdedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of two classes whose probabilities have 0.5 where its threshold is.

    The host answers with the most probable class. So the probability p of ``positive`` is stretched
    on either side of the threshold t: p / 2t below it, 0.5 + (p - t) / 2(1 - t) above.

    Parameters
    ----------
    estimator : estimator
        Fitted, with ``predict_proba``.
    threshold : float
        Probability from which on the answer is ``positive``.
    positive : int
        Its column in the probabilities, 0 or 1.

    """

    def __init__(self, estimator: Estimator, threshold: float, positive: int = 1) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.positive = positive

    @property
    def classes_(self) -> NDArray[Any]:
        """Classes of the estimator."""
        return np.asarray(self.estimator.classes_)

    @property
    def n_features_in_(self) -> int:
        """Columns of the rows it was fitted on."""
        return int(self.estimator.n_features_in_)

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Stretched probabilities, shape (n, 2)."""
        share = np.asarray(self.estimator.predict_proba(X), dtype=np.float64)[:, self.positive]
        t = self.edge()
        above = 0.5 + (share - t) / (2 * max(1 - t, _MARGIN))
        stretched = np.where(share < t, share / (2 * max(t, _MARGIN)), np.minimum(above, 1.0))
        columns = [1 - stretched, stretched]
        return np.stack(columns if self.positive == 1 else columns[::-1], axis=1)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def edge(self) -> float:
        """Probability from which on the stretched one is above 0.5."""
        return float(np.clip(self.threshold - _MARGIN, 0.0, 1.0))


@emits(ThresholdedClassifier)
def _emit_threshold(graph: Graph, model: Estimator, X: str) -> str:
    def number(value: float) -> str:
        return graph.scalar(value, np.float64)

    shares = graph.cast(emit(graph, model.estimator, X), np.float64)
    share, t = graph.columns(shares, [model.positive]), model.edge()
    rise = graph.add("Div", graph.add("Sub", share, number(t)), number(2 * max(1 - t, _MARGIN)))
    above = graph.add("Min", graph.add("Add", rise, number(0.5)), number(1.0))
    below = graph.add("Div", share, number(2 * max(t, _MARGIN)))
    stretched = graph.add("Where", graph.add("Less", share, number(t)), below, above)
    other = graph.add("Sub", number(1.0), stretched)
    columns = [other, stretched] if model.positive == 1 else [stretched, other]
    return graph.cast(graph.concat(columns), np.float32)


def take_found(model: Estimator) -> Estimator:
    """Model to deploy: what a fitted search found, in a pipeline too; any other model as it is."""
    if isinstance(model, SEARCHES):
        return take_found(model.best_estimator_)
    if isinstance(model, THRESHOLDS):
        return _take_thresholded(model)
    if isinstance(model, Pipeline) and isinstance(model.steps[-1][1], SEARCHES + THRESHOLDS):
        pipeline = copy.copy(model)
        name, last = model.steps[-1]
        pipeline.steps = [*model.steps[:-1], (name, take_found(last))]
        return pipeline
    return model


def _take_thresholded(model: Estimator) -> Estimator:
    inner = take_found(model.estimator_)
    threshold = getattr(model, "best_threshold_", None)
    if threshold is None:
        threshold = 0.5 if model.threshold == "auto" else model.threshold
    scorer = getattr(model, "_curve_scorer", None)  # of a tuned threshold; a fixed one says it
    label = model.pos_label if scorer is None else scorer._get_pos_label()
    positive = 1 if label is None else list(inner.classes_).index(label)
    return ThresholdedClassifier(inner, float(threshold), positive)


def _refuse_decisions(model: Estimator) -> str | None:
    if model.response_method == "decision_function" or not hasattr(
        model.estimator, "predict_proba"
    ):
        return (
            "a threshold on decisions has no probabilities; tune it on a model with predict_proba "
            'and leave response_method "auto"'
        )
    return None


def _refuse_no_refit(model: Estimator) -> str | None:
    return None if model.refit else "it keeps no model; set refit=True"


# A search itself is not converted: what it found is.
for _kind in (*SEARCHES, *THRESHOLDS):
    emits(_kind)(lambda graph, model, X: emit(graph, take_found(model), X))
    exactly(_kind)(lambda graph, model, X: emit_exact(graph, take_found(model), X))
for _kind in SEARCHES:
    decides(_kind)(lambda graph, model, X: emit_decision(graph, take_found(model), X))
for _kind in THRESHOLDS:
    refuse_before_fit(_kind, _refuse_decisions)
for _kind in SEARCHES:
    refuse_before_fit(_kind, _refuse_no_refit)
