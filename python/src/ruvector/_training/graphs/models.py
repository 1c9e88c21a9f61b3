"""Linear decision functions and naive Bayes as ONNX nodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import LinearSVC

from ..._exceptions import ConversionError
from ..._untyped import Estimator
from ..in_float64 import LINEAR_REGRESSORS
from .dispatch import decides, emits, exactly, transforms
from .graph import Graph
from .tree_nodes import emit_two_columns

__all__: list[str] = []


@decides(
    LinearDiscriminantAnalysis,
    LinearSVC,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
def _emit_linear_decision(graph: Graph, model: Estimator, X: str) -> str:
    # Two classes are one row of weights, which some estimators keep flat.
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64)).T
    bias = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), weights.shape[1])
    return graph.affine(graph.cast(X, np.float64), weights, bias)


@exactly(LinearDiscriminantAnalysis, LogisticRegression, LogisticRegressionCV)
def _emit_exact_logistic(graph: Graph, model: Estimator, X: str) -> str:
    decision = _emit_linear_decision(graph, model, X)
    if len(model.classes_) > 2:
        return graph.add("Softmax", decision, axis=1)
    return emit_two_columns(graph, graph.sigmoid(decision), np.float64)


@emits(LinearDiscriminantAnalysis, LogisticRegression, LogisticRegressionCV)
def _emit_logistic(graph: Graph, model: Estimator, X: str) -> str:
    """Answer in float64: float32 sums of terms of very different sizes differ by their order."""
    return graph.cast(_emit_exact_logistic(graph, model, X), np.float32)


@transforms(LinearDiscriminantAnalysis)
def _emit_discriminant_columns(graph: Graph, model: Estimator, X: str) -> str:
    rows = graph.cast(X, np.float64)
    if model.solver == "svd":
        rows = graph.add("Sub", rows, graph.constant(model.xbar_.astype(np.float64)[None]))
    turned = np.asarray(model.scalings_, dtype=np.float64)[:, : model._max_components]
    columns = graph.add("MatMul", rows, graph.constant(turned))
    return graph.cast(columns, np.float32)


@emits(GaussianNB)
def _emit_gaussian(graph: Graph, model: Estimator, X: str) -> str:
    return graph.cast(_emit_exact_gaussian(graph, model, X), np.float32)


@exactly(GaussianNB)
def _emit_exact_gaussian(graph: Graph, model: Estimator, X: str) -> str:
    """Log likelihoods in float64: with tiny variances they are far beyond float32."""
    variance = model.var_.astype(np.float64)
    rows = graph.reshape(graph.cast(X, np.float64), [-1, 1, model.n_features_in_])
    centred = graph.add("Sub", rows, graph.constant(model.theta_[None].astype(np.float64)))
    squares = graph.add("Div", graph.add("Mul", centred, centred), graph.constant(variance[None]))
    distance = graph.add("ReduceSum", squares, graph.constant([2]), keepdims=0)
    constant = np.log(model.class_prior_) - 0.5 * np.log(2 * np.pi * variance).sum(axis=1)
    halved = graph.add("Mul", distance, graph.scalar(-0.5, np.float64))
    joint = graph.add("Add", halved, graph.constant(constant))
    return graph.add("Softmax", joint, axis=1)


@emits(QuadraticDiscriminantAnalysis)
def _emit_quadratic(graph: Graph, model: Estimator, X: str) -> str:
    return graph.cast(_emit_exact_quadratic(graph, model, X), np.float32)


@exactly(QuadraticDiscriminantAnalysis)
def _emit_exact_quadratic(graph: Graph, model: Estimator, X: str) -> str:
    """Log likelihoods in float64, class by class: each has a covariance of its own."""
    rows = graph.cast(X, np.float64)
    scores = []
    each = zip(model.means_, model.rotations_, model.scalings_, model.priors_, strict=True)
    for mean, rotation, scaling, prior in each:
        centred = graph.add("Sub", rows, graph.constant(np.asarray(mean, np.float64)[None]))
        turned = graph.add("MatMul", centred, graph.constant(rotation * scaling**-0.5))
        squares = graph.add("Mul", turned, turned)
        distance = graph.add("ReduceSum", squares, graph.constant([1]), keepdims=1)
        halved = graph.add("Mul", distance, graph.scalar(-0.5, np.float64))
        constant = np.log(prior) - 0.5 * np.log(scaling).sum()
        scores.append(graph.add("Add", halved, graph.scalar(constant, np.float64)))
    return graph.add("Softmax", graph.concat(scores), axis=1)


_ACTIVATIONS: Mapping[str, str] = {"logistic": "Sigmoid", "relu": "Relu", "tanh": "Tanh"}


@emits(MLPClassifier, MLPRegressor)
def _emit_network(graph: Graph, model: Estimator, X: str) -> str:
    """Compute the layers in the type of their weights: lbfgs leaves float64."""
    X = graph.cast(X, model.coefs_[0].dtype.type)
    layers = list(zip(model.coefs_, model.intercepts_, strict=True))
    for weights, bias in layers[:-1]:
        X = graph.affine(X, weights, bias)
        if model.activation in _ACTIVATIONS:
            X = graph.add(_ACTIVATIONS[model.activation], X)
    last = graph.affine(X, *layers[-1])
    return graph.cast(_emit_last_layer(graph, model, last), np.float32)


def _emit_last_layer(graph: Graph, model: Estimator, last: str) -> str:
    match model.out_activation_:
        case "softmax":
            return graph.add("Softmax", last, axis=1)
        case "logistic":
            kind = model.coefs_[0].dtype.type
            return emit_two_columns(graph, graph.add("Sigmoid", last), kind)
        case "identity":
            return graph.reshape(last, [-1])
        case other:
            raise ConversionError(
                f'Cannot convert estimator "{type(model).__name__}" to ONNX: its last layer is '
                f'"{other}", which has no ONNX form here; leave loss "squared_error"'
            )


@emits(*LINEAR_REGRESSORS)
def _emit_linear_regression(graph: Graph, model: Estimator, X: str) -> str:
    weights = np.asarray(model.coef_, dtype=np.float64).reshape(-1, 1)
    bias = np.asarray(model.intercept_, dtype=np.float64)
    value = graph.affine(graph.cast(X, np.float64), weights, bias)
    return graph.reshape(graph.cast(value, np.float32), [-1])


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
