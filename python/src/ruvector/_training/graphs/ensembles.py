"""Models made of models: voting, stacking, bagging, calibration, one against the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.multiclass import OneVsRestClassifier

from ..._untyped import Estimator
from .dispatch import (
    decides,
    emit,
    emit_decision,
    emit_exact,
    emits,
    exactly,
    has_decision,
    refuse_before_fit,
    refuse_refit,
)
from .graph import Graph
from .tree_nodes import emit_two_columns

__all__: list[str] = []


def _emit_mean(graph: Graph, parts: list[str], weights: NDArray[Any] | None = None) -> str:
    shares = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=np.float64)
    shares = (shares / shares.sum()).astype(np.float32)
    weighted = [
        graph.add("Mul", part, graph.scalar(share))
        for part, share in zip(parts, shares, strict=True)
    ]
    return graph.add("Sum", *weighted)


@emits(VotingClassifier, VotingRegressor)
def _emit_voting(graph: Graph, model: Estimator, X: str) -> str:
    parts = [emit(graph, each, X) for each in model.estimators_]
    return _emit_mean(graph, parts, model._weights_not_none)


def _refuse_hard_votes(model: Estimator) -> str | None:
    soft = model.voting == "soft"
    return None if soft else 'hard votes are no probabilities; set voting="soft"'


refuse_before_fit(VotingClassifier, _refuse_hard_votes)


@emits(BaggingClassifier, BaggingRegressor)
def _emit_bagging(graph: Graph, model: Estimator, X: str) -> str:
    everything = np.arange(model.n_features_in_)
    parts = []
    for each, chosen in zip(model.estimators_, model.estimators_features_, strict=True):
        is_all = np.array_equal(chosen, everything)
        part = emit(graph, each, X if is_all else graph.columns(X, chosen))
        if is_classifier(model) and len(each.classes_) < model.n_classes_:
            part = _place(graph, part, each.classes_, model.n_classes_)
        parts.append(part)
    return _emit_mean(graph, parts)


def _place(graph: Graph, part: str, classes: NDArray[Any], n_classes: int) -> str:
    """Put columns of some classes where they belong among all; the others are 0."""
    spread = np.zeros((len(classes), n_classes), dtype=np.float32)
    spread[np.arange(len(classes)), classes.astype(int)] = 1
    return graph.add("MatMul", part, graph.constant(spread))


def _refuse_voters_without_shares(model: Estimator) -> str | None:
    base = model.estimator
    if base is None or hasattr(base, "predict_proba"):
        return None
    return f"a {type(base).__name__} has no predict_proba, and votes are no probabilities"


refuse_before_fit(BaggingClassifier, _refuse_voters_without_shares)


@emits(FrozenEstimator)
def _emit_frozen(graph: Graph, model: Estimator, X: str) -> str:
    return emit(graph, model.estimator, X)


@decides(FrozenEstimator)
def _emit_frozen_decision(graph: Graph, model: Estimator, X: str) -> str:
    return emit_decision(graph, model.estimator, X)


@exactly(FrozenEstimator)
def _emit_frozen_exactly(graph: Graph, model: Estimator, X: str) -> str:
    return emit_exact(graph, model.estimator, X)


@emits(StackingClassifier, StackingRegressor)
def _emit_stacking(graph: Graph, model: Estimator, X: str) -> str:
    parts = []
    for each, method in zip(model.estimators_, model.stack_method_, strict=True):
        if method == "decision_function":
            parts.append(graph.cast(emit_decision(graph, each, X), np.float32))
        elif is_regressor(each):
            parts.append(graph.reshape(emit(graph, each, X), [-1, 1]))
        else:
            shares = emit(graph, each, X)
            # Of two classes scikit-learn keeps the second: the first says the same.
            parts.append(graph.columns(shares, [1]) if len(each.classes_) == 2 else shares)
    if model.passthrough:
        parts.append(X)
    return emit(graph, model.final_estimator_, graph.concat(parts))


_PREFIT = (
    "it is made of fitted members, which a fit copies without what they learned; put each into a "
    "FrozenEstimator, or fit it yourself and pass it to ruvector.deploy(model, dataset=...)"
)


def _refuse_prefit(model: Estimator) -> str | None:
    """Refuse what clones to something that was never fitted."""
    is_prefit = getattr(model, "cv", None) == "prefit" or getattr(model, "prefit", False) is True
    return _PREFIT if is_prefit else None


for _kind in (StackingClassifier, StackingRegressor, CalibratedClassifierCV, SelectFromModel):
    refuse_refit(_kind, _refuse_prefit)


def _refuse_labels_in_stack(model: Estimator) -> str | None:
    if model.stack_method == "predict":
        return 'a stack of labels has no ONNX form; leave stack_method "auto"'
    for _, each in model.estimators:
        if hasattr(each, "fit") and not hasattr(each, "predict_proba") and not has_decision(each):
            return f"it stacks a {type(each).__name__}, whose decision function has no ONNX form"
    return None


refuse_before_fit(StackingClassifier, _refuse_labels_in_stack)


@emits(OneVsRestClassifier)
def _emit_one_vs_rest(graph: Graph, model: Estimator, X: str) -> str:
    parts = [graph.columns(emit_exact(graph, each, X), [1]) for each in model.estimators_]
    if len(parts) == 1:
        return graph.cast(emit_two_columns(graph, parts[0], np.float64), np.float32)
    shares = graph.concat(parts)
    total = graph.add("ReduceSum", shares, graph.constant([1]), keepdims=1)
    # Where none of them answers, scikit-learn leaves the shares as they are.
    zero = graph.add("Equal", total, graph.scalar(0, np.float64))
    safe = graph.add("Where", zero, graph.scalar(1, np.float64), total)
    return graph.cast(graph.add("Div", shares, safe), np.float32)


@emits(CalibratedClassifierCV)
def _emit_calibrated(graph: Graph, model: Estimator, X: str) -> str:
    parts = [
        _emit_calibrated_fold(graph, fold, X, len(model.classes_))
        for fold in model.calibrated_classifiers_
    ]
    total = graph.add("Sum", *parts)
    mean = graph.add("Div", total, graph.scalar(len(parts), np.float64))
    return graph.cast(mean, np.float32)


def _emit_calibrated_fold(graph: Graph, fold: Estimator, X: str, n_classes: int) -> str:
    """Probabilities of one fold in float64: a step of an isotonic function forgives nothing."""
    raw = _emit_responses(graph, fold.estimator, X)
    columns = range(len(fold.calibrators))
    shares = [
        _emit_calibrator(graph, each, graph.columns(raw, [at]))
        for at, each in zip(columns, fold.calibrators, strict=True)
    ]
    if n_classes == 2:
        return emit_two_columns(graph, shares[0], np.float64)
    # A class that the rows of the fold lack has no share there.
    none = graph.add("Mul", shares[0], graph.scalar(0, np.float64))
    known = np.searchsorted(fold.classes, fold.estimator.classes_).tolist()
    by_class = dict(zip(known, shares, strict=False))
    joined = graph.concat([by_class.get(at, none) for at in range(n_classes)])
    total = graph.add("ReduceSum", joined, graph.constant([1]), keepdims=1)
    zero = graph.add("Equal", total, graph.scalar(0, np.float64))
    even = graph.constant(np.full((1, n_classes), 1 / n_classes))
    safe = graph.add("Where", zero, graph.constant(np.ones((1, 1))), total)
    return graph.add("Where", zero, even, graph.add("Div", joined, safe))


def _emit_responses(graph: Graph, model: Estimator, X: str) -> str:
    """Give a calibrator decisions where the model has them, else probabilities, in float64."""
    if hasattr(model, "decision_function"):
        return graph.cast(emit_decision(graph, model, X), np.float64)
    shares = emit_exact(graph, model, X)
    return graph.columns(shares, [1]) if len(model.classes_) == 2 else shares


def _emit_calibrator(graph: Graph, calibrator: Estimator, raw: str) -> str:
    if isinstance(calibrator, IsotonicRegression):
        return _emit_isotonic(graph, calibrator, raw)
    # Platt: 1 / (1 + exp(a x + b))
    scaled = graph.add("Mul", raw, graph.scalar(-float(calibrator.a_), np.float64))
    return graph.sigmoid(graph.add("Add", scaled, graph.scalar(-float(calibrator.b_), np.float64)))


def _emit_isotonic(graph: Graph, calibrator: Estimator, raw: str) -> str:
    """Interpolate between the thresholds, as numpy.interp does, clipped at both ends."""
    x = np.asarray(calibrator.X_thresholds_, dtype=np.float64)
    y = np.asarray(calibrator.y_thresholds_, dtype=np.float64)
    if len(x) == 1:
        return graph.add(
            "Add", graph.add("Mul", raw, graph.scalar(0, np.float64)), graph.constant(y)
        )
    low, high = graph.constant(x[:1][0]), graph.constant(x[-1:][0])
    value = graph.add("Clip", raw, low, high)
    passed = graph.cast(graph.add("LessOrEqual", graph.constant(x[None, 1:-1]), value), np.int64)
    at = graph.add("ReduceSum", passed, graph.constant([1]), keepdims=0)
    slopes = np.diff(y) / np.diff(x)
    start_x, start_y, slope = (
        graph.reshape(graph.add("Gather", graph.constant(each), at, axis=0), [-1, 1])
        for each in (x[:-1], y[:-1], slopes)
    )
    rise = graph.add("Mul", graph.add("Sub", value, start_x), slope)
    return graph.add("Add", rise, start_y)


def _refuse_base(model: Estimator) -> str | None:
    if model.method == "temperature":
        return 'temperature scaling has no ONNX form; set method="sigmoid"'
    base = model.estimator
    if base is not None and hasattr(base, "decision_function") and not has_decision(base):
        return f"it calibrates a {type(base).__name__}, whose decision function has no ONNX form"
    return None


refuse_before_fit(CalibratedClassifierCV, _refuse_base)
