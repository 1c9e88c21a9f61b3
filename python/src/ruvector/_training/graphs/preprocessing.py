"""Pipelines, column transformers, scalers and imputers as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomTreesEmbedding
from sklearn.feature_selection import RFE, SelectorMixin
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from ..._untyped import Estimator
from .dispatch import (
    decides,
    emit,
    emit_decision,
    emit_exact,
    emit_transform,
    emits,
    exactly,
    refuse_before_fit,
    transforms,
)
from .graph import Graph

__all__ = ["is_nothing"]


def _refuse_sparse_bins(model: Estimator) -> str | None:
    if model.encode == "onehot":
        return 'its columns are a sparse matrix; set encode="onehot-dense"'
    return None


refuse_before_fit(KBinsDiscretizer, _refuse_sparse_bins)
refuse_before_fit(RandomTreesEmbedding, lambda _: "its columns are a sparse matrix")


def _refuse_normal_quantiles(model: Estimator) -> str | None:
    if model.output_distribution == "normal":
        return 'quantiles of a normal distribution have none; set output_distribution="uniform"'
    return None


refuse_before_fit(QuantileTransformer, _refuse_normal_quantiles)


def is_nothing(step: object) -> bool:
    """Tell whether a step of a pipeline does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")


def _emit_steps(graph: Graph, model: Estimator, X: str) -> str:
    for _, step in model.steps[:-1]:
        if not is_nothing(step):
            X = emit_transform(graph, step, X)
    return X


@emits(Pipeline)
def _emit_pipeline(graph: Graph, model: Estimator, X: str) -> str:
    rows, last = _emit_steps(graph, model, X), model.steps[-1][1]
    return rows if is_nothing(last) else emit(graph, last, rows)


@decides(Pipeline)
def _emit_pipeline_decision(graph: Graph, model: Estimator, X: str) -> str:
    return emit_decision(graph, model.steps[-1][1], _emit_steps(graph, model, X))


@exactly(Pipeline)
def _emit_pipeline_exactly(graph: Graph, model: Estimator, X: str) -> str:
    return emit_exact(graph, model.steps[-1][1], _emit_steps(graph, model, X))


@transforms(Pipeline)
def _emit_pipeline_columns(graph: Graph, model: Estimator, X: str) -> str:
    rows, last = _emit_steps(graph, model, X), model.steps[-1][1]
    return rows if is_nothing(last) else emit_transform(graph, last, rows)


def _weigh(graph: Graph, columns: str, weights: Mapping[str, float] | None, name: str) -> str:
    """Multiply the columns of a transformer with its weight."""
    weight = (weights or {}).get(name)
    return columns if weight is None else graph.add("Mul", columns, graph.scalar(weight))


@emits(ColumnTransformer)
def _emit_columns(graph: Graph, model: Estimator, X: str) -> str:
    parts = []
    for name, transformer, _ in model.transformers_:
        indices = model._transformer_to_input_indices[name]
        if (isinstance(transformer, str) and transformer == "drop") or len(indices) == 0:
            continue
        columns = graph.columns(X, indices)
        if not is_nothing(transformer):
            columns = emit_transform(graph, transformer, columns)
        parts.append(_weigh(graph, columns, model.transformer_weights, name))
    return graph.concat(parts)


@emits(FeatureUnion)
def _emit_union(graph: Graph, model: Estimator, X: str) -> str:
    parts = []
    for name, step in model.transformer_list:
        if isinstance(step, str) and step == "drop":
            continue
        columns = X if is_nothing(step) else emit_transform(graph, step, X)
        parts.append(_weigh(graph, columns, model.transformer_weights, name))
    return graph.concat(parts)


@emits(SelectorMixin)
@transforms(SelectorMixin)
def _emit_selection(graph: Graph, model: Estimator, X: str) -> str:
    return graph.columns(X, model.get_support(indices=True))


@emits(RFE)
def _emit_on_selection(graph: Graph, model: Estimator, X: str) -> str:
    return emit(graph, model.estimator_, _emit_selection(graph, model, X))


@decides(RFE)
def _emit_decision_on_selection(graph: Graph, model: Estimator, X: str) -> str:
    return emit_decision(graph, model.estimator_, _emit_selection(graph, model, X))


@emits(Normalizer)
def _emit_norms(graph: Graph, model: Estimator, X: str) -> str:
    """Divide each row by its norm, which is infinite where float32 cannot hold it."""
    axis = graph.constant([1])
    match model.norm:
        case "l1":
            norm = graph.add("ReduceSum", graph.add("Abs", X), axis, keepdims=1)
        case "max":
            norm = graph.add("ReduceMax", graph.add("Abs", X), axis, keepdims=1)
        case _:
            squares = graph.add("Mul", X, X)
            norm = graph.add("Sqrt", graph.add("ReduceSum", squares, axis, keepdims=1))
    nothing = graph.add("Equal", norm, graph.scalar(0))
    return graph.add("Div", X, graph.add("Where", nothing, graph.scalar(1), norm))


def _one_plus(graph: Graph, X: str) -> str:
    return graph.add("Add", X, graph.scalar(1, np.float64))


# In float64, and rounded once, as numpy does it for float32.
_FUNCTIONS: Mapping[Any, Callable[[Graph, str], str]] = {
    np.abs: lambda graph, X: graph.add("Abs", X),
    np.cbrt: lambda graph, X: graph.add(
        "Mul",
        graph.add("Sign", X),
        graph.add("Pow", graph.add("Abs", X), graph.scalar(1 / 3, np.float64)),
    ),
    np.exp: lambda graph, X: graph.add("Exp", X),
    np.log: lambda graph, X: graph.add("Log", X),
    np.log1p: lambda graph, X: graph.add("Log", _one_plus(graph, X)),
    np.negative: lambda graph, X: graph.add("Neg", X),
    np.sign: lambda graph, X: graph.add("Sign", X),
    np.sqrt: lambda graph, X: graph.add("Sqrt", X),
    np.square: lambda graph, X: graph.add("Mul", X, X),
    np.tanh: lambda graph, X: graph.add("Tanh", X),
}


@emits(FunctionTransformer)
def _emit_function(graph: Graph, model: Estimator, X: str) -> str:
    if model.func is None:
        return X
    values = _FUNCTIONS[model.func](graph, graph.cast(X, np.float64))
    return graph.cast(values, np.float32)


def _refuse_functions(model: Estimator) -> str | None:
    if model.func is None or (model.func in _FUNCTIONS and not model.kw_args):
        return None
    known = ", ".join(f"np.{each.__name__}" for each in _FUNCTIONS)
    return f"a Python function has no ONNX form but for {known}"


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


@emits(PowerTransformer)
def _emit_power(graph: Graph, model: Estimator, X: str) -> str:
    """Box-Cox or Yeo-Johnson of each column in float64, then its scaler."""
    rows = graph.cast(X, np.float64)
    powers = model.lambdas_.astype(np.float64)
    if model.method == "box-cox":
        bent = _emit_box_cox(graph, rows, powers)
    else:
        one = graph.scalar(1, np.float64)
        zero = graph.scalar(0, np.float64)
        above = _emit_box_cox(graph, graph.add("Add", graph.add("Max", rows, zero), one), powers)
        below = graph.add("Sub", one, graph.add("Min", rows, zero))
        negative = graph.add("Neg", _emit_box_cox(graph, below, 2 - powers))
        bent = graph.add("Where", graph.add("Less", rows, zero), negative, above)
        missing = graph.add("IsNaN", rows)
        bent = graph.add("Where", missing, rows, bent)
    bent = graph.cast(bent, np.float32)
    return emit(graph, model._scaler, bent) if model.standardize else bent


def _emit_box_cox(graph: Graph, rows: str, powers: NDArray[np.float64]) -> str:
    """(x ** power - 1) / power of each column; its logarithm where the power is 0."""
    is_log = np.abs(powers) < np.finfo(np.float64).eps
    safe = np.where(is_log, 1.0, powers)
    power = graph.add("Pow", rows, graph.constant(safe[None]))
    less = graph.add("Sub", power, graph.scalar(1, np.float64))
    bent = graph.add("Div", less, graph.constant(safe[None]))
    if not is_log.any():
        return bent
    return graph.add("Where", graph.constant(is_log[None]), graph.add("Log", rows), bent)


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
