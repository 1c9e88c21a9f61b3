"""Linear decision functions and naive Bayes as ONNX nodes."""

from __future__ import annotations

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    Perceptron,
    RidgeClassifier,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from ..._untyped import Estimator
from .dispatch import decides, emits
from .graph import Graph

__all__: list[str] = []


@decides(
    LinearDiscriminantAnalysis,
    LinearSVC,
    LogisticRegression,
    Perceptron,
    RidgeClassifier,
    SGDClassifier,
)
def _emit_linear_decision(graph: Graph, model: Estimator, X: str) -> str:
    weights = np.asarray(model.coef_, dtype=np.float64).T
    bias = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), weights.shape[1])
    return graph.cast(graph.affine(graph.cast(X, np.float64), weights, bias), np.float32)


@emits(GaussianNB)
def _emit_gaussian(graph: Graph, model: Estimator, X: str) -> str:
    """Log likelihoods in float64: with tiny variances they are far beyond float32."""
    variance = model.var_.astype(np.float64)
    rows = graph.reshape(graph.cast(X, np.float64), [-1, 1, model.n_features_in_])
    centred = graph.add("Sub", rows, graph.constant(model.theta_[None].astype(np.float64)))
    squares = graph.add("Div", graph.add("Mul", centred, centred), graph.constant(variance[None]))
    distance = graph.add("ReduceSum", squares, graph.constant([2]), keepdims=0)
    constant = np.log(model.class_prior_) - 0.5 * np.log(2 * np.pi * variance).sum(axis=1)
    halved = graph.add("Mul", distance, graph.scalar(-0.5, np.float64))
    joint = graph.add("Add", halved, graph.constant(constant))
    return graph.cast(graph.add("Softmax", joint, axis=1), np.float32)


@emits(SGDOneClassSVM)
def _emit_linear_score(graph: Graph, model: Estimator, X: str) -> str:
    weights = -np.asarray(model.coef_, dtype=np.float64).reshape(-1, 1)
    score = graph.affine(graph.cast(X, np.float64), weights, np.asarray(model.offset_, float))
    return graph.reshape(graph.cast(score, np.float32), [-1])


@emits(EllipticEnvelope)
def _emit_mahalanobis(graph: Graph, model: Estimator, X: str) -> str:
    rows = graph.cast(X, np.float64)
    centred = graph.add("Sub", rows, graph.constant(model.location_.astype(np.float64)))
    turned = graph.add("MatMul", centred, graph.constant(model.get_precision().astype(np.float64)))
    squares = graph.add("Mul", turned, centred)
    distance = graph.add("ReduceSum", squares, graph.constant([1]), keepdims=0)
    score = graph.add("Add", distance, graph.scalar(model.offset_, np.float64))
    return graph.cast(score, np.float32)
