"""Encoders of categories as ONNX nodes. A category is a number here, such as a day of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from ..._untyped import Estimator
from .dispatch import emits
from .graph import Graph

__all__: list[str] = []

Table = NDArray[np.float64]


def _emit_lookup(
    graph: Graph, X: str, column: int, categories: NDArray[np.float64], rows: Table, other: Table
) -> str:
    """Give the row of a table whose category the value is, and ``other`` for any other value.

    ``rows`` is (categories, m), ``other`` (m,); the result is (n, m).
    """
    value = graph.columns(X, [column])
    known = graph.constant(categories.astype(np.float32)[None, :])
    matches = graph.add("Equal", value, known)
    if np.isnan(categories).any():
        nan = graph.constant(np.isnan(categories)[None, :])
        matches = graph.add("Or", matches, graph.add("And", graph.add("IsNaN", value), nan))
    # The last row of the table is the one of values that match nothing.
    nothing = graph.constant(np.zeros((1, 1), dtype=np.float32))
    hits = graph.add("Pad", graph.cast(matches, np.float32), graph.constant([0, 0, 0, 1]), nothing)
    floor = graph.constant(np.asarray([[0.0] * len(categories) + [0.5]], dtype=np.float32))
    found = graph.add("ArgMax", graph.add("Max", hits, floor), axis=1, keepdims=0)
    table = graph.constant(np.vstack([rows, other[None, :]]).astype(np.float32))
    return graph.add("Gather", table, found, axis=0)


def _probe(model: Estimator, column: int, value: float) -> NDArray[np.float64]:
    """Answer of a fitted encoder to a value in one column, the first category in the others."""
    row = np.asarray([[known[0] for known in model.categories_]], dtype=np.float64)
    row[0, column] = value
    given = model.transform(row)
    dense = given.todense() if hasattr(given, "todense") else given
    return np.asarray(np.asarray(dense, dtype=np.float64)[0])


def _unknown_to(model: Estimator, column: int) -> float:
    known = model.categories_[column].astype(np.float64)
    finite = known[np.isfinite(known)]
    return float(finite.max() + 1) if len(finite) else 0.0


@emits(OneHotEncoder)
def _emit_one_hot(graph: Graph, model: Estimator, X: str) -> str:
    parts, start = [], 0
    for column, known in enumerate(model.categories_):
        width = model._n_features_outs[column]
        own = slice(start, start + width)
        start += width
        rows = np.stack([_probe(model, column, value)[own] for value in known])
        other = np.zeros(width)
        if model.handle_unknown != "error":
            other = _probe(model, column, _unknown_to(model, column))[own]
        if width:
            parts.append(_emit_lookup(graph, X, column, known.astype(np.float64), rows, other))
    return graph.concat(parts)


@emits(OrdinalEncoder)
def _emit_ordinal(graph: Graph, model: Estimator, X: str) -> str:
    parts = []
    for column, known in enumerate(model.categories_):
        rows = np.stack([_probe(model, column, value)[[column]] for value in known])
        other = np.full(1, np.nan)
        if model.handle_unknown == "use_encoded_value":
            other = np.full(1, model.unknown_value, dtype=np.float64)
        parts.append(_emit_lookup(graph, X, column, known.astype(np.float64), rows, other))
    return graph.concat(parts)


@emits(TargetEncoder)
def _emit_target(graph: Graph, model: Estimator, X: str) -> str:
    # Outputs are by column, and by class within a column; each has its own table of encodings.
    n_columns = len(model.categories_)
    per_column = len(model.encodings_) // n_columns
    means = np.atleast_1d(np.asarray(model.target_mean_, dtype=np.float64))
    parts = []
    for column, known in enumerate(model.categories_):
        own = slice(column * per_column, (column + 1) * per_column)
        rows = np.stack(model.encodings_[own], axis=1)
        parts.append(_emit_lookup(graph, X, column, known.astype(np.float64), rows, means))
    return graph.concat(parts)
