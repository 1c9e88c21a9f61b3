"""Decision functions of support vector machines as ONNX nodes, in float64 like libsvm."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC, NuSVC, OneClassSVM

from ..._untyped import Estimator
from .dispatch import decides, emits, refuse_before_fit
from .graph import Graph
from .neighbours import emit_squared_distances

__all__: list[str] = []

_KERNELS = ("linear", "poly", "rbf", "sigmoid")


def _emit_kernel(graph: Graph, model: Estimator, X: str) -> str:
    """Kernel of each row with each support vector, (n, vectors)."""
    known = np.asarray(model.support_vectors_, dtype=np.float64)
    rows, gamma = graph.cast(X, np.float64), float(model._gamma)
    if model.kernel == "rbf":
        centre = known.mean(axis=0)
        centred = graph.add("Sub", rows, graph.constant(centre))
        squared = emit_squared_distances(graph, centred, known - centre)
        return graph.add("Exp", graph.add("Mul", squared, graph.scalar(-gamma, np.float64)))
    if model.kernel == "linear":
        return graph.add("MatMul", rows, graph.constant(np.ascontiguousarray(known.T)))
    shift = np.full(len(known), float(model.coef0))
    product = graph.affine(rows, gamma * known.T, shift)
    if model.kernel == "sigmoid":
        return graph.add("Tanh", product)
    return graph.add("Pow", product, graph.scalar(float(model.degree), np.float64))


@emits(OneClassSVM)
def _emit_one_class(graph: Graph, model: Estimator, X: str) -> str:
    kernel = _emit_kernel(graph, model, X)
    weights = -np.asarray(model.dual_coef_, dtype=np.float64).T
    score = graph.affine(kernel, weights, -np.asarray(model.intercept_, dtype=np.float64))
    return graph.reshape(graph.cast(score, np.float32), [-1])


@decides(SVC, NuSVC)
def _emit_decision(graph: Graph, model: Estimator, X: str) -> str:
    kernel = _emit_kernel(graph, model, X)
    n_classes = len(model.classes_)
    bias = np.asarray(model.intercept_, dtype=np.float64)
    if n_classes == 2:
        weights = np.asarray(model.dual_coef_, dtype=np.float64).T
        return graph.affine(kernel, weights, bias)
    pairs = graph.affine(kernel, _pair_weights(model), bias)
    return pairs if model.decision_function_shape == "ovo" else _emit_votes(graph, pairs, n_classes)


def _pair_weights(model: Estimator) -> NDArray[np.float64]:
    """Weights of the support vectors in each decision between two classes, (vectors, pairs)."""
    dual = np.asarray(model.dual_coef_, dtype=np.float64)
    ends = np.concatenate([[0], np.cumsum(model.n_support_)])
    pairs = list(combinations(range(len(model.classes_)), 2))
    weights = np.zeros((dual.shape[1], len(pairs)))
    for at, (first, second) in enumerate(pairs):
        of_first = slice(ends[first], ends[first + 1])
        of_second = slice(ends[second], ends[second + 1])
        weights[of_first, at] = dual[second - 1, of_first]
        weights[of_second, at] = dual[first, of_second]
    return weights


def _emit_votes(graph: Graph, pairs: str, n_classes: int) -> str:
    """Votes of all pairs, ties told apart by confidence: scikit-learn's one against the rest."""
    pair_list = list(combinations(range(n_classes), 2))
    second_wins = np.zeros((len(pair_list), n_classes))
    first_wins, confidence = second_wins.copy(), second_wins.copy()
    for at, (first, second) in enumerate(pair_list):
        first_wins[at, first] = second_wins[at, second] = 1
        confidence[at, first], confidence[at, second] = 1, -1
    is_second = graph.cast(graph.add("Less", pairs, graph.scalar(0, np.float64)), np.float64)
    votes = graph.affine(is_second, second_wins - first_wins, first_wins.sum(axis=0))
    total = graph.add("MatMul", pairs, graph.constant(confidence))
    size = graph.add("Add", graph.add("Abs", total), graph.scalar(1, np.float64))
    scaled = graph.add("Div", total, graph.add("Mul", size, graph.scalar(3.0, np.float64)))
    return graph.add("Add", votes, scaled)


def _refuse_kernel(model: Estimator) -> str | None:
    is_known = model.kernel in _KERNELS
    return None if is_known else f"kernel {model.kernel!r} has no ONNX form; use {_KERNELS[2]!r}"


for _kind in (SVC, NuSVC, OneClassSVM):
    refuse_before_fit(_kind, _refuse_kernel)
