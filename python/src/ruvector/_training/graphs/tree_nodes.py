"""Tree ensembles as ONNX nodes.

Specification: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto
from sklearn.base import is_classifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.tree import DecisionTreeClassifier

from ..._untyped import Estimator, OnnxProto
from ..trees import (
    TREE_CLASSES,
    TreeArrays,
    TreeReader,
    read_trees,
    register_reader,
    round_down_float32,
)
from .dispatch import decides, emits, exactly, refuse_before_fit
from .graph import ML, Graph

__all__ = ["emit_two_columns", "register_trees"]


def register_trees(kind: type, reader: TreeReader) -> None:
    """Make the trees of a class known: read by ``reader``, written here."""
    register_reader(kind, reader)
    emits(kind)(emit_trees)
    decides(kind)(emit_raw_trees)
    exactly(kind)(_emit_exact_trees)


@emits(*TREE_CLASSES)
def emit_trees(graph: Graph, model: Estimator, X: str) -> str:
    """Probabilities, values or scores of a tree ensemble."""
    trees = read_trees(model)
    raw = _emit_sums(graph, trees, X)
    answer = _transform(graph, trees, raw)
    if is_classifier(model):
        is_binary = trees.n_targets == 1
        return emit_two_columns(graph, answer, np.float32) if is_binary else answer
    return graph.reshape(answer, [-1])


@decides(
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
def emit_raw_trees(graph: Graph, model: Estimator, X: str) -> str:
    """Decision function of boosted trees: sums before the link, in float64."""
    trees = read_trees(model)
    raw = _emit_exact_sums(graph, trees, X)
    if getattr(model, "loss", None) == "exponential":
        return graph.add("Div", raw, graph.scalar(2, np.float64))
    if isinstance(model, AdaBoostClassifier) and trees.n_targets > 1:
        # Its probabilities are of decisions divided by the number of the other classes.
        return graph.add("Mul", raw, graph.scalar(trees.n_targets - 1, np.float64))
    return raw


@exactly(*TREE_CLASSES)
def _emit_exact_trees(graph: Graph, model: Estimator, X: str) -> str:
    """Probabilities of an ensemble of trees in float64, as scikit-learn computes them."""
    trees = read_trees(model)
    answer = _transform(graph, trees, _emit_exact_sums(graph, trees, X))
    return emit_two_columns(graph, answer, np.float64) if trees.n_targets == 1 else answer


def _emit_exact_sums(graph: Graph, trees: TreeArrays, X: str) -> str:
    """Add the sums of :func:`_emit_sums` in float64.

    The operator sums in float32. So it only says which leaf of each tree a row is in, and the
    numbers of the leaves are looked up.
    """
    leaf_tree = trees.tree_id[trees.is_leaf]
    n_leaves, n_trees = len(leaf_tree), int(leaf_tree[-1]) + 1
    found = _add_ensemble(graph, trees, X, n_trees, leaf_tree, np.arange(n_leaves))
    weights = np.zeros((n_leaves, trees.n_targets))
    leaf = np.repeat(np.arange(n_leaves), len(trees.leaf_weight) // n_leaves)
    weights[leaf, trees.leaf_target] = trees.leaf_weight
    values = graph.add("Gather", graph.constant(weights), graph.cast(found, np.int64), axis=0)
    sums = graph.add("ReduceSum", values, graph.constant([1]), keepdims=0)
    if trees.divisor != 1.0:
        sums = graph.add("Div", sums, graph.scalar(trees.divisor, np.float64))
    if trees.base_values is None:
        return sums
    return graph.add("Add", sums, graph.constant(trees.base_values.astype(np.float64)))


def emit_two_columns(graph: Graph, second: str, kind: type) -> str:
    """Add the share of the first class to that of the second."""
    first = graph.add("Sub", graph.constant(np.ones(1, dtype=kind)), second)
    return graph.concat([first, second])


def _transform(graph: Graph, trees: TreeArrays, raw: str) -> str:
    match trees.post_transform:
        case "LOGISTIC":
            return graph.add("Sigmoid", raw)
        case "SOFTMAX":
            return graph.add("Softmax", raw, axis=1)
        case "EXP":
            return graph.add("Exp", raw)
        case _:
            return raw


def _emit_sums(graph: Graph, trees: TreeArrays, X: str) -> str:
    """Add ``base_values + sums / divisor``, shape (n, targets)."""
    targets, weights = trees.leaf_target, trees.leaf_weight
    sums = _add_ensemble(graph, trees, X, trees.n_targets, targets, weights)
    if trees.divisor != 1.0:
        sums = graph.add("Div", sums, graph.scalar(trees.divisor))
    if trees.post_transform == "ISOLATION":
        sums = graph.add("Pow", graph.scalar(2), graph.add("Neg", sums))
    if trees.base_values is None:
        return sums
    return graph.add("Add", sums, graph.constant(trees.base_values.astype(np.float32)))


def _add_ensemble(
    graph: Graph,
    trees: TreeArrays,
    X: str,
    n_targets: int,
    targets: NDArray[Any],
    weights: NDArray[Any],
) -> str:
    sums = graph.add(
        "TreeEnsembleRegressor",
        X,
        domain=ML,
        n_targets=n_targets,
        post_transform="NONE",
        aggregate_function="SUM",
    )
    leaf = trees.is_leaf
    repeats = len(weights) // int(leaf.sum())
    # Attributes are appended as protobuf: make_node checks list items one by one in Python,
    # which takes half a second for a forest of 20,000 nodes.
    graph.nodes[-1].attribute.extend(
        [
            *_node_attributes(trees),
            _ints("target_treeids", np.repeat(trees.tree_id[leaf], repeats)),
            _ints("target_nodeids", np.repeat(trees.node_id[leaf], repeats)),
            _ints("target_ids", targets),
            _floats("target_weights", weights),
        ]
    )
    return sums


def _node_attributes(trees: TreeArrays) -> list[OnnxProto]:
    leaf = trees.is_leaf
    branch_or_zero = {
        name: np.where(leaf, 0, getattr(trees, name))
        for name in ("feature", "left", "right", "missing_left", "threshold")
    }
    modes = np.where(leaf, b"LEAF", b"BRANCH_LT" if trees.is_strict else b"BRANCH_LEQ")
    return [
        _ints("nodes_treeids", trees.tree_id),
        _ints("nodes_nodeids", trees.node_id),
        _ints("nodes_featureids", branch_or_zero["feature"]),
        _floats("nodes_values", round_down_float32(branch_or_zero["threshold"])),
        AttributeProto(name="nodes_modes", type=AttributeProto.STRINGS, strings=modes.tolist()),
        _ints("nodes_truenodeids", branch_or_zero["left"]),
        _ints("nodes_falsenodeids", branch_or_zero["right"]),
        _ints("nodes_missing_value_tracks_true", branch_or_zero["missing_left"]),
    ]


def _ints(name: str, values: NDArray[Any]) -> OnnxProto:
    return AttributeProto(name=name, type=AttributeProto.INTS, ints=values.astype(int).tolist())


def _floats(name: str, values: NDArray[Any]) -> OnnxProto:
    rounded = values.astype(np.float32)
    return AttributeProto(name=name, type=AttributeProto.FLOATS, floats=rounded.tolist())


def _refuse_categories(model: Estimator) -> str | None:
    if np.any(getattr(model, "is_categorical_", False)):
        return "categorical features have no ONNX form; fit it on columns that are numbers"
    given = model.categorical_features
    if given is None or isinstance(given, str) or len(np.atleast_1d(given)) == 0:
        return None
    return "categorical features have no ONNX form; leave categorical_features away"


def _refuse_init(model: Estimator) -> str | None:
    is_known = model.init is None or isinstance(model.init, str)
    return None if is_known else "init with an estimator has no ONNX form; leave init away"


def _refuse_other_bases(model: Estimator) -> str | None:
    is_tree = model.estimator is None or isinstance(model.estimator, DecisionTreeClassifier)
    return None if is_tree else "only trees are boosted; leave estimator a DecisionTreeClassifier"


for _kind in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
    refuse_before_fit(_kind, _refuse_categories)
for _kind in (GradientBoostingClassifier, GradientBoostingRegressor):
    refuse_before_fit(_kind, _refuse_init)
refuse_before_fit(AdaBoostClassifier, _refuse_other_bases)
