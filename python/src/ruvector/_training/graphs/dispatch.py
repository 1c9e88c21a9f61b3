"""Who emits which estimator: a table by class, skl2onnx for what is not in it.

What an emitted tensor holds follows from what the estimator is: a classifier gives probabilities
(n, k), a regressor values (n,), a detector scores (n,) that are above 0 for an anomaly, a
transformer its columns (n, m). All are float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import skl2onnx
from onnx.compose import add_prefix_graph
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

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
    "emits",
    "has_decision",
    "refuse_before_fit",
]

Emitter = Callable[[Graph, Estimator, str], str]
_Check = Callable[[Estimator], str | None]

_emitters: dict[type, Emitter] = {}
_deciders: dict[type, Emitter] = {}
_checks: dict[type, list[_Check]] = {}


def emits(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of classes: called with (graph, fitted estimator, X)."""
    return _register(_emitters, kinds)


def decides(*kinds: type) -> Callable[[Emitter], Emitter]:
    """Register the emitter of ``decision_function`` of classes: (n, k), (n, 1) for two classes."""
    return _register(_deciders, kinds)


def _register(table: dict[type, Emitter], kinds: Iterable[type]) -> Callable[[Emitter], Emitter]:
    def keep(emitter: Emitter) -> Emitter:
        table.update(dict.fromkeys(kinds, emitter))
        return emitter

    return keep


def refuse_before_fit(kind: type, check: _Check) -> None:
    """Register what of a class cannot be converted, as its parameters tell: a text, or None."""
    _checks.setdefault(kind, []).append(check)


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


def has_decision(model: Estimator) -> bool:
    """Tell whether :func:`emit_decision` knows an estimator; of a pipeline its last step."""
    if isinstance(model, Pipeline):
        return has_decision(model.steps[-1][1])
    return _find(_deciders, model) is not None


def can_emit(model: Estimator) -> bool:
    """Tell whether anything converts an estimator, leaving its members aside."""
    return _find(_emitters, model) is not None or type(model) in sklearn_operator_name_map


def check_convertible(models: Iterable[Estimator]) -> None:
    """Refuse before a fit what would have no ONNX form after it.

    Parameters
    ----------
    models : iterable of estimator
        The unfitted estimator and all that it holds.

    Raises
    ------
    ConversionError
        One has none; the text names it and says what to use.

    """
    for model in models:
        if not can_emit(model) and not hasattr(model, "to_onnx"):
            raise _refusal(model, "no converter knows it")
        for kind in type(model).__mro__:
            for check in _checks.get(kind, []):
                problem = check(model)
                if problem:
                    raise _refusal(model, problem)


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
