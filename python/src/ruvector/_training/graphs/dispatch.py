"""Who emits which estimator: a table by class, skl2onnx for what is not in it.

What an emitted tensor holds follows from what the estimator is: a classifier gives probabilities
(n, k), a regressor values (n,), a detector scores (n,) that are above 0 for an anomaly, a
transformer its columns (n, m). All are float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import skl2onnx
from onnx.compose import add_prefix_graph
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline

from ..._exceptions import ConversionError
from ..._untyped import Estimator, OnnxProto
from .graph import OPSET, Graph

__all__ = [
    "Emitter",
    "can_emit",
    "check_convertible",
    "decides",
    "emit",
    "emit_decision",
    "emit_exact",
    "emit_transform",
    "emits",
    "exactly",
    "has_decision",
    "is_emitted",
    "refuse_before_fit",
    "refuse_refit",
    "transforms",
]

Call = Literal["fit", "deploy"]
Emitter = Callable[[Graph, Estimator, str], str]
_Check = Callable[[Estimator], str | None]

_emitters: dict[type, Emitter] = {}
_deciders: dict[type, Emitter] = {}
_exact: dict[type, Emitter] = {}
_transformers: dict[type, Emitter] = {}
_checks: dict[type, list[_Check]] = {}
_refits: dict[type, list[_Check]] = {}


def emits(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of classes: called with (graph, fitted estimator, X)."""
    return _register(_emitters, kinds)


def decides(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of ``decision_function`` of classes, in float64.

    What it gives is (n, k), (n, 1) for two classes.
    """
    return _register(_deciders, kinds)


def exactly(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of probabilities in float64, for what amplifies the last bit."""
    return _register(_exact, kinds)


def transforms(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of ``transform`` of classes that also predict."""
    return _register(_transformers, kinds)


def _register(table: dict[type, Emitter], kinds: Iterable[type]) -> Callable[[Emitter], Emitter]:
    def keep(emitter: Emitter) -> Emitter:
        table.update(dict.fromkeys(kinds, emitter))
        return emitter

    return keep


def refuse_before_fit(kind: type, check: _Check) -> None:
    """Register what of a class cannot be converted, as its parameters tell: a text, or None."""
    _checks.setdefault(kind, []).append(check)


def refuse_refit(kind: type, check: _Check) -> None:
    """Register what of a class cannot be fitted here, though it can be deployed."""
    _refits.setdefault(kind, []).append(check)


def emit(graph: Graph, model: Estimator, X: str) -> str:
    """Add what a fitted estimator computes of ``X``."""
    if hasattr(model, "to_onnx"):
        return _emit_own_graph(graph, model, X)
    return (_find(_emitters, model) or _emit_by_skl2onnx)(graph, model, X)


def emit_decision(graph: Graph, model: Estimator, X: str) -> str:
    """Add the decision function of a fitted classifier."""
    emitter = _find(_deciders, model)
    if emitter is None:
        raise _refusal(model, "its decision function has no ONNX form")
    return emitter(graph, model, X)


def emit_exact(graph: Graph, model: Estimator, X: str) -> str:
    """Add the probabilities of a fitted classifier in float64, as exact as there is a way."""
    emitter = _find(_exact, model)
    if emitter is None:
        return graph.cast(emit(graph, model, X), np.float64)
    return emitter(graph, model, X)


def emit_transform(graph: Graph, step: Estimator, X: str) -> str:
    """Add the columns that a step before others gives, which may predict as well."""
    return (_find(_transformers, step) or emit)(graph, step, X)


def has_decision(model: Estimator) -> bool:
    """Tell whether :func:`emit_decision` knows an estimator; of a pipeline its last step."""
    if isinstance(model, Pipeline):
        return bool(model.steps) and has_decision(model.steps[-1][1])
    if isinstance(model, FrozenEstimator | BaseSearchCV):
        return has_decision(model.estimator)
    return _find(_deciders, model) is not None


def can_emit(model: Estimator) -> bool:
    """Tell whether anything converts an estimator, leaving its members aside."""
    return _find(_emitters, model) is not None or type(model) in sklearn_operator_name_map


def is_emitted(model: Estimator) -> bool:
    """Tell whether an emitter here knows an estimator, and not skl2onnx alone."""
    return _find(_emitters, model) is not None


def check_convertible(models: Iterable[Estimator], *, at: Call = "fit") -> None:
    """Refuse before a fit what would have no ONNX form after it.

    Parameters
    ----------
    models : iterable of estimator
        The estimator and all that it holds by its parameters.
    at : {"fit", "deploy"}
        Fitted members are fine in what is only deployed.

    Raises
    ------
    ConversionError
        One has none; the text names it and says what to use.

    """
    for model in models:
        if not can_emit(model) and not hasattr(model, "to_onnx"):
            raise _refusal(model, "no converter knows it")
        for step in _steps_of(model):
            if _predicts(step) and _find(_transformers, step) is None:
                state = "as a step before others its transform() has no ONNX form"
                raise _refusal(step, state)
        for kind in type(model).__mro__:
            for check in _checks.get(kind, []) + (_refits.get(kind, []) if at == "fit" else []):
                problem = check(model)
                if problem:
                    raise _refusal(model, problem)


def _steps_of(model: Estimator) -> list[Estimator]:
    """Take the steps whose columns a model uses: those before the last, or side by side."""
    if isinstance(model, Pipeline):
        steps = [step for _, step in model.steps[:-1]]
    elif isinstance(model, FeatureUnion):
        steps = [step for _, step in model.transformer_list]
    elif isinstance(model, ColumnTransformer):
        steps = [*(step for _, step, _ in model.transformers), model.remainder]
    else:
        steps = []
    return [step for step in steps if step is not None and not isinstance(step, str)]


def _predicts(step: Estimator) -> bool:
    return any(is_kind(step) for is_kind in (is_classifier, is_regressor, is_outlier_detector))


def _refusal(model: Estimator, state: str) -> ConversionError:
    return ConversionError(
        f'Cannot convert estimator "{type(model).__name__}" to ONNX: {state}; use an estimator '
        "that has one (docs/trainers.md), or give it to_onnx(n_features, classes)"
    )


def _find(table: dict[type, Emitter], model: Estimator) -> Emitter | None:
    return next((table[kind] for kind in type(model).__mro__ if kind in table), None)


def _emit_by_skl2onnx(graph: Graph, model: Estimator, X: str) -> str:
    options: dict[str, Any] = {"zipmap": False} if is_classifier(model) else {}
    proto = skl2onnx.convert_sklearn(
        model,
        initial_types=[("X", FloatTensorType([None, model.n_features_in_]))],
        options={id(model): options},
        target_opset=OPSET,
    )
    return _merge(graph, proto, X, model)


def _emit_own_graph(graph: Graph, model: Estimator, X: str) -> str:
    classes = list(range(len(model.classes_))) if is_classifier(model) else None
    return _merge(graph, model.to_onnx(model.n_features_in_, classes), X, model)


def _merge(graph: Graph, proto: OnnxProto, X: str, model: Estimator) -> str:
    """Add the nodes of a whole graph to this one; returns its last output, the numbers."""
    graph.raise_opsets({each.domain: each.version for each in proto.opset_import})
    inner = add_prefix_graph(proto.graph, graph.name("s") + "_")
    outer_input = inner.input[0].name
    for node in inner.node:
        node.input[:] = [X if name == outer_input else name for name in node.input]
    graph.nodes.extend(inner.node)
    graph.constants.extend(inner.initializer)
    output = inner.output[1 if is_classifier(model) else 0].name
    return graph.reshape(output, [-1]) if is_regressor(model) else output
