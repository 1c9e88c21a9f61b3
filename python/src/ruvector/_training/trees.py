"""Fitted tree ensembles as flat arrays, and their ONNX converter.

scikit-learn compares a float32 feature with a float64 threshold; ONNX compares float32 with
float32. Rounding every threshold *down* to float32 keeps ``x <= t`` exact for every float32 ``x``.
skl2onnx 1.20 rounds the thresholds of HistGradientBoosting to nearest and loses where NaN goes in
forests, so tree ensembles go through this converter and everything else through skl2onnx's own.

Specification: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from .._untyped import Converter, Estimator, OnnxProto

__all__ = ["TreeArrays", "TreeEnsembleView", "is_tree_ensemble", "read_trees", "round_down_float32"]


def round_down_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to the largest float32 that is not above each value, so ``x <= t`` stays exact."""
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    above = rounded.astype(np.float64) > values
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


@dataclass(frozen=True)
class TreeArrays:
    """All nodes of an ensemble, one element a node.

    ``leaf_weight`` and ``leaf_class`` hold what the leaves, in node order, add to which score.
    """

    tree_id: NDArray[np.int64]
    node_id: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    is_leaf: NDArray[np.bool_]
    leaf_class: NDArray[np.int64]
    leaf_weight: NDArray[np.float64]
    base_values: NDArray[np.float64]
    post_transform: str

    def thresholds(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Feature index and finite threshold of every split."""
        split = ~self.is_leaf & np.isfinite(self.threshold)
        return self.feature[split], self.threshold[split]


def is_tree_ensemble(estimator: object) -> bool:
    """Tell whether this module converts the estimator."""
    return isinstance(
        estimator,
        RandomForestClassifier
        | ExtraTreesClassifier
        | DecisionTreeClassifier
        | HistGradientBoostingClassifier,
    )


def read_trees(estimator: Estimator) -> TreeArrays:
    """Read the nodes out of a fitted tree ensemble."""
    if isinstance(estimator, HistGradientBoostingClassifier):
        return _read_boosting(estimator)
    trees = (
        [estimator.tree_]
        if isinstance(estimator, DecisionTreeClassifier)
        else [tree.tree_ for tree in estimator.estimators_]
    )
    return _read_forest(trees)


def _read_forest(trees: list[Any]) -> TreeArrays:
    counts = [tree.node_count for tree in trees]
    left = np.concatenate([tree.children_left for tree in trees]).astype(np.int64)
    is_leaf = left < 0
    # value is (nodes, 1 output, classes); normalised to probabilities, then averaged over trees
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])[is_leaf]
    weights = values / values.sum(axis=1, keepdims=True) / len(trees)
    if weights.shape[1] == 2:
        # ONNX's binary form is one score, the second class; with both scores written, onnxruntime
        # gives the right probabilities and the wrong label.
        weights = weights[:, 1:]
    return TreeArrays(
        tree_id=np.repeat(np.arange(len(trees)), counts),
        node_id=np.concatenate([np.arange(n) for n in counts]),
        feature=np.concatenate([tree.feature for tree in trees]).astype(np.int64),
        threshold=round_down_float32(np.concatenate([tree.threshold for tree in trees])),
        left=left,
        right=np.concatenate([tree.children_right for tree in trees]).astype(np.int64),
        missing_left=np.concatenate([tree.missing_go_to_left for tree in trees]).astype(bool),
        is_leaf=is_leaf,
        leaf_class=np.tile(np.arange(weights.shape[1]), len(weights)),
        leaf_weight=weights.ravel(),
        base_values=np.zeros(0),
        post_transform="NONE",
    )


def _read_boosting(model: Estimator) -> TreeArrays:
    if model.is_categorical_ is not None:
        raise NotImplementedError("categorical features have no ONNX form")
    predictors = [tree for iteration in model._predictors for tree in iteration]
    nodes = np.concatenate([tree.nodes for tree in predictors])
    counts = [len(tree.nodes) for tree in predictors]
    per_iteration = model.n_trees_per_iteration_
    tree_id = np.repeat(np.arange(len(predictors)), counts)
    is_leaf = nodes["is_leaf"].astype(bool)
    return TreeArrays(
        tree_id=tree_id,
        node_id=np.concatenate([np.arange(n) for n in counts]),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=round_down_float32(nodes["num_threshold"].astype(np.float64)),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=is_leaf,
        leaf_class=(tree_id % per_iteration)[is_leaf],
        leaf_weight=nodes["value"][is_leaf].astype(np.float64),
        base_values=np.asarray(model._baseline_prediction, dtype=np.float64).ravel(),
        post_transform="LOGISTIC" if per_iteration == 1 else "SOFTMAX",
    )


class TreeEnsembleView(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stands in for a fitted tree ensemble while skl2onnx walks a pipeline.

    It hides the hundreds of sub-estimators, which skl2onnx would inspect one by one, and it carries
    the class values to write, so the original is neither changed nor copied.

    Parameters
    ----------
    trees : TreeArrays
        Nodes of the ensemble.
    class_values : ndarray of int64
        Index into the labels of each probability column.

    """

    def __init__(self, trees: TreeArrays, class_values: NDArray[np.int64]) -> None:
        self.trees = trees
        self.class_values = class_values

    @property
    def classes_(self) -> NDArray[np.int64]:
        """Class of each probability column."""
        return self.class_values


def convert_tree_ensemble(scope: Converter, operator: Converter, container: Converter) -> None:
    """Write one TreeEnsembleClassifier node (called by skl2onnx)."""
    view: TreeEnsembleView = operator.raw_operator
    container.add_node(
        "TreeEnsembleClassifier",
        operator.inputs[0].full_name,
        [operator.outputs[0].full_name, operator.outputs[1].full_name],
        op_domain="ai.onnx.ml",
        op_version=3,
        name=scope.get_unique_operator_name("TreeEnsembleClassifier"),
        post_transform=view.trees.post_transform,
    )
    # Attributes are appended as protobuf: make_node checks list items one by one in Python,
    # which takes half a second for a forest of 20,000 nodes.
    container.nodes[-1].attribute.extend(_attributes(view))


def _attributes(view: TreeEnsembleView) -> list[Any]:
    trees = view.trees
    leaf = trees.is_leaf
    branch_or_zero = {
        name: np.where(leaf, 0, getattr(trees, name))
        for name in ("feature", "left", "right", "missing_left")
    }
    repeats = len(trees.leaf_weight) // int(leaf.sum())
    modes = np.where(leaf, b"LEAF", b"BRANCH_LEQ")
    attributes = [
        _ints("nodes_treeids", trees.tree_id),
        _ints("nodes_nodeids", trees.node_id),
        _ints("nodes_featureids", branch_or_zero["feature"]),
        _floats("nodes_values", np.where(leaf, np.float32(0), trees.threshold)),
        _strings("nodes_modes", modes),
        _ints("nodes_truenodeids", branch_or_zero["left"]),
        _ints("nodes_falsenodeids", branch_or_zero["right"]),
        _ints("nodes_missing_value_tracks_true", branch_or_zero["missing_left"]),
        _ints("class_treeids", np.repeat(trees.tree_id[leaf], repeats)),
        _ints("class_nodeids", np.repeat(trees.node_id[leaf], repeats)),
        _ints("class_ids", trees.leaf_class),
        _floats("class_weights", trees.leaf_weight),
        _ints("classlabels_int64s", view.class_values),
    ]
    if len(trees.base_values):
        attributes.append(_floats("base_values", trees.base_values))
    return attributes


def _ints(name: str, values: NDArray[Any]) -> OnnxProto:
    from onnx import AttributeProto

    return AttributeProto(name=name, type=AttributeProto.INTS, ints=values.astype(int).tolist())


def _floats(name: str, values: NDArray[Any]) -> OnnxProto:
    from onnx import AttributeProto

    rounded = values.astype(np.float32)
    return AttributeProto(name=name, type=AttributeProto.FLOATS, floats=rounded.tolist())


def _strings(name: str, values: NDArray[np.bytes_]) -> OnnxProto:
    from onnx import AttributeProto

    return AttributeProto(name=name, type=AttributeProto.STRINGS, strings=values.tolist())
