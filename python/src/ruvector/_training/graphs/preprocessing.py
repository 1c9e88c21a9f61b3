"""Pipelines, column transformers, scalers and imputers as ONNX nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from ..._untyped import Estimator
from .dispatch import decides, emit, emit_decision, emits, refuse_before_fit
from .graph import Graph

__all__ = ["is_nothing"]


def _refuse_sparse_bins(model: Estimator) -> str | None:
    if model.encode == "onehot":
        return 'its columns are a sparse matrix; set encode="onehot-dense"'
    return None


refuse_before_fit(KBinsDiscretizer, _refuse_sparse_bins)


def is_nothing(step: object) -> bool:
    """Tell whether a step of a pipeline does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


def _emit_steps(graph: Graph, model: Estimator, X: str) -> str:
    for _, step in model.steps[:-1]:
        if not is_nothing(step):
            X = emit(graph, step, X)
    return X


@emits(Pipeline)
def _emit_pipeline(graph: Graph, model: Estimator, X: str) -> str:
    rows, last = _emit_steps(graph, model, X), model.steps[-1][1]
    return rows if is_nothing(last) else emit(graph, last, rows)


@decides(Pipeline)
def _emit_pipeline_decision(graph: Graph, model: Estimator, X: str) -> str:
    return emit_decision(graph, model.steps[-1][1], _emit_steps(graph, model, X))


@emits(ColumnTransformer)
def _emit_columns(graph: Graph, model: Estimator, X: str) -> str:
    parts = []
    for name, transformer, _ in model.transformers_:
        indices = model._transformer_to_input_indices[name]
        if (isinstance(transformer, str) and transformer == "drop") or len(indices) == 0:
            continue
        columns = graph.columns(X, indices)
        parts.append(columns if is_nothing(transformer) else emit(graph, transformer, columns))
    return graph.concat(parts)


@emits(FeatureUnion)
def _emit_union(graph: Graph, model: Estimator, X: str) -> str:
    kept = [step for _, step in model.transformer_list if step != "drop"]
    return graph.concat([X if is_nothing(step) else emit(graph, step, X) for step in kept])


@emits(FunctionTransformer)
def _emit_identity(_graph: Graph, _model: Estimator, X: str) -> str:
    return X


def _refuse_functions(model: Estimator) -> str | None:
    return None if model.func is None else "a Python function has no ONNX form"


refuse_before_fit(FunctionTransformer, _refuse_functions)


# Each scaler does the same operations in the same order as scikit-learn. With statistics in float32
# (``exact_scalers``) that gives the same bits, so no row changes sides of a tree's threshold.


def _apply(graph: Graph, operator: str, X: str, statistics: NDArray[Any] | None) -> str:
    if statistics is None:
        return X
    return graph.add(operator, X, graph.constant(np.asarray(statistics, dtype=np.float32)))


@emits(StandardScaler)
def _emit_standard(graph: Graph, model: Estimator, X: str) -> str:
    centred = _apply(graph, "Sub", X, model.mean_ if model.with_mean else None)
    return _apply(graph, "Div", centred, model.scale_)


@emits(RobustScaler)
def _emit_robust(graph: Graph, model: Estimator, X: str) -> str:
    centred = _apply(graph, "Sub", X, model.center_ if model.with_centering else None)
    return _apply(graph, "Div", centred, model.scale_ if model.with_scaling else None)


@emits(MaxAbsScaler)
def _emit_max_abs(graph: Graph, model: Estimator, X: str) -> str:
    return _apply(graph, "Div", X, model.scale_)


@emits(MinMaxScaler)
def _emit_min_max(graph: Graph, model: Estimator, X: str) -> str:
    moved = _apply(graph, "Add", _apply(graph, "Mul", X, model.scale_), model.min_)
    if not model.clip:
        return moved
    low, high = (graph.constant(np.asarray(edge, dtype=np.float32)) for edge in model.feature_range)
    return graph.add("Clip", moved, low, high)


def emit_missing(graph: Graph, X: str, marker: Any) -> str:  # noqa: ANN401  a number or NaN
    """Where a value is missing, as bool."""
    if marker is None or np.isnan(marker):
        return graph.add("IsNaN", X)
    return graph.add("Equal", X, graph.scalar(marker))


@emits(SimpleImputer)
def _emit_imputer(graph: Graph, model: Estimator, X: str) -> str:
    statistics = np.asarray(model.statistics_, dtype=np.float64)
    is_kept = ~np.isnan(statistics) | model.keep_empty_features
    kept = np.flatnonzero(is_kept)
    columns = X if is_kept.all() else graph.columns(X, kept)
    values = graph.constant(np.nan_to_num(statistics[kept]).astype(np.float32))
    filled = graph.add("Where", emit_missing(graph, columns, model.missing_values), values, columns)
    if model.indicator_ is None:
        return filled
    return graph.concat([filled, _emit_indicator(graph, model.indicator_, X)])


@emits(MissingIndicator)
def _emit_indicator(graph: Graph, model: Estimator, X: str) -> str:
    columns = graph.columns(X, model.features_)
    return graph.cast(emit_missing(graph, columns, model.missing_values), np.float32)


def _refuse_text(model: Estimator) -> str | None:
    value = getattr(model, "fill_value", None)
    return "features are numbers; fill_value is text" if isinstance(value, str) else None


refuse_before_fit(SimpleImputer, _refuse_text)
refuse_before_fit(
    KNNImputer, lambda _: "the host has no operator that asks the nearest rows; use SimpleImputer"
)
