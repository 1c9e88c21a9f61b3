"""Nearest neighbours as ONNX nodes, in float64 as scikit-learn computes distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

from ..._untyped import Estimator
from .dispatch import emits, exactly, refuse_before_fit
from .graph import Graph

__all__ = ["emit_squared_distances"]


def emit_squared_distances(graph: Graph, X: str, known: NDArray[np.float64]) -> str:
    """Squared Euclidean distance of each row of ``X`` (float64) to each known row, (n, m)."""
    norms = graph.add("ReduceSumSquare", X, graph.constant([1]), keepdims=1)
    product = graph.add("MatMul", X, graph.constant(-2.0 * known.T))
    both = graph.add("Add", norms, graph.constant((known**2).sum(axis=1)[None]))
    return graph.add("Max", graph.add("Add", both, product), graph.constant(np.zeros((1, 1))))


def _emit_nearest(graph: Graph, model: Estimator, X: str, k: int) -> tuple[str, str]:
    """Distances of the nearest known rows, (n, k) in float64, and their numbers."""
    # Centred first: the product of distances far from 0 would lose what the distances differ in.
    known = np.asarray(model._fit_X, dtype=np.float64)
    centre = known.mean(axis=0)
    rows = graph.add("Sub", graph.cast(X, np.float64), graph.constant(centre))
    negated = graph.add("Neg", emit_squared_distances(graph, rows, known - centre))
    nearest, at = graph.name("nearest"), graph.name("nearest_at")
    graph.add_many("TopK", [negated, graph.constant([k])], [nearest, at], axis=1)
    return graph.add("Sqrt", graph.add("Neg", nearest)), at


@emits(KNeighborsClassifier)
def _emit_votes(graph: Graph, model: Estimator, X: str) -> str:
    return graph.cast(_emit_exact_votes(graph, model, X), np.float32)


@exactly(KNeighborsClassifier)
def _emit_exact_votes(graph: Graph, model: Estimator, X: str) -> str:
    votes = np.eye(len(model.classes_))[np.asarray(model._y).ravel()]
    return _emit_weighted_mean(graph, model, X, votes)


@emits(BisectingKMeans, KMeans, MiniBatchKMeans)
def _emit_distances(graph: Graph, model: Estimator, X: str) -> str:
    """Distance to each centre: as a step before others, clusters give these."""
    centres = np.asarray(model.cluster_centers_, dtype=np.float64)
    middle = centres.mean(axis=0)
    rows = graph.add("Sub", graph.cast(X, np.float64), graph.constant(middle))
    squared = emit_squared_distances(graph, rows, centres - middle)
    return graph.cast(graph.add("Sqrt", squared), np.float32)


@emits(KNeighborsRegressor)
def _emit_neighbour_mean(graph: Graph, model: Estimator, X: str) -> str:
    values = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)
    mean = _emit_weighted_mean(graph, model, X, values)
    return graph.reshape(graph.cast(mean, np.float32), [-1])


def _emit_weighted_mean(graph: Graph, model: Estimator, X: str, values: NDArray[np.float64]) -> str:
    """Mean of what the nearest rows have, (n, columns of values)."""
    distance, at = _emit_nearest(graph, model, X, model.n_neighbors)
    found = graph.add("Gather", graph.constant(values), at, axis=0)
    if model.weights == "uniform":
        return graph.add("ReduceMean", found, graph.constant([1]), keepdims=0)
    # A row that is known itself has all the weight.
    safe = graph.add("Max", distance, graph.scalar(1e-12, np.float64))
    weight = graph.add("Reciprocal", safe)
    weighted = graph.add("Mul", found, graph.reshape(weight, [-1, model.n_neighbors, 1]))
    total = graph.add("ReduceSum", weighted, graph.constant([1]), keepdims=0)
    return graph.add("Div", total, graph.add("ReduceSum", weight, graph.constant([1]), keepdims=1))


@emits(LocalOutlierFactor)
def _emit_local_outlier_factor(graph: Graph, model: Estimator, X: str) -> str:
    k = model.n_neighbors_
    distance, at = _emit_nearest(graph, model, X, k)
    reach_of = graph.constant(model._distances_fit_X_[:, k - 1].astype(np.float64))
    reach = graph.add("Max", distance, graph.add("Gather", reach_of, at, axis=0))
    mean_reach = graph.add("ReduceMean", reach, graph.constant([1]), keepdims=0)
    sparse = graph.add("Add", mean_reach, graph.scalar(1e-10, np.float64))
    density_of = graph.constant(np.asarray(model._lrd, dtype=np.float64))
    densities = graph.add("Gather", density_of, at, axis=0)
    mean_density = graph.add("ReduceMean", densities, graph.constant([1]), keepdims=0)
    factor = graph.add("Mul", mean_density, sparse)
    score = graph.add("Add", factor, graph.scalar(model.offset_, np.float64))
    return graph.cast(score, np.float32)


def _refuse_metric(model: Estimator) -> str | None:
    if not getattr(model, "novelty", True):
        return "it answers only rows it was fitted on; set novelty=True"
    if callable(getattr(model, "weights", None)):
        return 'weights by a Python function have no ONNX form; use "uniform" or "distance"'
    is_euclidean = model.metric == "euclidean" or (model.metric == "minkowski" and model.p == 2)
    advice = 'only Euclidean distances have an ONNX form; leave metric "minkowski"'
    return None if is_euclidean else advice


for _kind in (KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor):
    refuse_before_fit(_kind, _refuse_metric)
for _kind in (RadiusNeighborsClassifier, RadiusNeighborsRegressor):
    refuse_before_fit(_kind, lambda _: "the host has no operator for all rows within a radius")
