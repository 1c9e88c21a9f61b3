"""Fitted tree ensembles as flat arrays, whichever framework grew them.

scikit-learn and LightGBM compare a float32 feature with a float64 threshold; ONNX compares float32
with float32. Rounding every threshold *down* to float32 keeps ``x <= t`` exact for every float32
``x``. skl2onnx 1.20 rounds to nearest and loses where NaN goes, so trees are read here and written
by ``graphs``. LightGBM and XGBoost are read by ``boosting``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from .._untyped import Estimator

__all__ = [
    "TREE_CLASSES",
    "TreeArrays",
    "TreeReader",
    "is_tree_ensemble",
    "read_trees",
    "register_reader",
    "round_down_float32",
]

PostTransform = Literal["NONE", "LOGISTIC", "SOFTMAX", "EXP", "ISOLATION"]


def round_down_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to the largest float32 that is not above each value, so ``x <= t`` stays exact."""
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    above = rounded.astype(np.float64) > values
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


@dataclass(frozen=True)
class TreeArrays:
    """All nodes of an ensemble, one element a node, and what becomes of the sums of its leaves.

    ``leaf_weight`` and ``leaf_target`` hold what the leaves, in node order, add to which sum. The
    raw numbers are ``base_values + sums / divisor``. A row goes left on ``x <= threshold``, on
    ``x < threshold`` where ``is_strict``.
    """

    tree_id: NDArray[np.int64]
    node_id: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    is_leaf: NDArray[np.bool_]
    leaf_target: NDArray[np.int64]
    leaf_weight: NDArray[np.float64]
    n_targets: int = 1
    base_values: NDArray[np.float64] | None = None
    divisor: float = 1.0
    post_transform: PostTransform = "NONE"
    is_strict: bool = False

    def thresholds(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Feature index and finite float32 threshold of every split."""
        rounded = round_down_float32(self.threshold)
        split = ~self.is_leaf & np.isfinite(rounded)
        return self.feature[split], rounded[split]


TreeReader = Callable[[Estimator], TreeArrays]


def is_tree_ensemble(estimator: object) -> bool:
    """Tell whether a class has a reader; what it is made of must fit too (see the readers)."""
    return _find_reader(estimator) is not None and _is_of_trees(estimator)


def read_trees(estimator: Estimator) -> TreeArrays:
    """Read the nodes out of a fitted tree ensemble."""
    reader = _find_reader(estimator)
    if reader is None:
        raise TypeError(f"{type(estimator).__name__} is no tree ensemble")
    return reader(estimator)


def register_reader(kind: type, reader: TreeReader) -> None:
    """Say how the trees of a class and its subclasses are read."""
    _readers[kind] = reader


def _find_reader(estimator: object) -> TreeReader | None:
    return next((_readers[kind] for kind in type(estimator).__mro__ if kind in _readers), None)


def _is_of_trees(estimator: object) -> bool:
    base = getattr(estimator, "estimator", None)
    return not isinstance(estimator, AdaBoostClassifier) or isinstance(
        base, DecisionTreeClassifier | None
    )


def join_trees(
    trees: Sequence[Any], features: Sequence[NDArray[Any]] | None = None
) -> dict[str, Any]:
    """Nodes of ``tree_`` structures one after another; ``features`` maps those of each tree."""
    counts = [tree.node_count for tree in trees]
    split = [tree.feature for tree in trees]
    if features is not None:
        split = [chosen[at] for chosen, at in zip(features, split, strict=True)]
    left = np.concatenate([tree.children_left for tree in trees]).astype(np.int64)
    return {
        "tree_id": np.repeat(np.arange(len(trees)), counts),
        "node_id": np.concatenate([np.arange(n) for n in counts]),
        "feature": np.concatenate(split).astype(np.int64),
        "threshold": np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        "left": left,
        "right": np.concatenate([tree.children_right for tree in trees]).astype(np.int64),
        "missing_left": np.concatenate([tree.missing_go_to_left for tree in trees]).astype(bool),
        "is_leaf": left < 0,
    }


def _leaf_values(trees: Sequence[Any]) -> NDArray[np.float64]:
    """Values of the leaves in node order, shape (leaves, outputs of a leaf)."""
    # value is (nodes, 1 output, classes)
    return np.concatenate([tree.value[tree.children_left < 0, 0, :] for tree in trees])


def _spread(values: NDArray[np.float64]) -> dict[str, Any]:
    """Leaf columns of values that hold one number a target."""
    n_targets = values.shape[1]
    return {
        "leaf_target": np.tile(np.arange(n_targets), len(values)),
        "leaf_weight": values.ravel(),
        "n_targets": n_targets,
    }


def _trees_of(model: Estimator) -> list[Any]:
    found = getattr(model, "estimators_", None)
    return [model.tree_] if found is None else [tree.tree_ for tree in found]


def _read_votes(model: Estimator) -> TreeArrays:
    trees = _trees_of(model)
    values = _leaf_values(trees)
    shares = values / values.sum(axis=1, keepdims=True)
    # Two classes need one sum, that of the second class.
    kept = shares[:, 1:] if shares.shape[1] == 2 else shares
    return TreeArrays(**join_trees(trees), **_spread(kept), divisor=float(len(trees)))


def _read_means(model: Estimator) -> TreeArrays:
    trees = _trees_of(model)
    return TreeArrays(
        **join_trees(trees), **_spread(_leaf_values(trees)), divisor=float(len(trees))
    )


def _read_ada_boost(model: Estimator) -> TreeArrays:
    trees, weights = _trees_of(model), model.estimator_weights_
    values = _leaf_values(trees)
    n_classes = values.shape[1]
    chosen = np.eye(n_classes)[values.argmax(axis=1)]
    leaves = [int((tree.children_left < 0).sum()) for tree in trees]
    share = np.repeat(weights[: len(trees)] / weights.sum(), leaves)[:, None]
    if n_classes == 2:
        votes = 2 * share * (2 * chosen[:, 1:] - 1)
        return TreeArrays(**join_trees(trees), **_spread(votes), post_transform="LOGISTIC")
    others = n_classes - 1
    votes = share * (chosen - (1 - chosen) / others) / others
    return TreeArrays(**join_trees(trees), **_spread(votes), post_transform="SOFTMAX")


def _read_gradient_boosting(model: Estimator) -> TreeArrays:
    stages = model.estimators_  # (iterations, targets)
    trees = [tree.tree_ for tree in stages.ravel()]
    n_targets = stages.shape[1]
    leaves = [int((tree.children_left < 0).sum()) for tree in trees]
    # The margin of exponential loss is half of that of a logistic function.
    scale = 2.0 if model.loss == "exponential" else 1.0
    some_row = np.zeros((1, model.n_features_in_), dtype=np.float32)
    base = np.asarray(model._raw_predict_init(some_row), dtype=np.float64).ravel()
    transform: PostTransform = "NONE"
    if isinstance(model, GradientBoostingClassifier):
        transform = "LOGISTIC" if n_targets == 1 else "SOFTMAX"
    return TreeArrays(
        **join_trees(trees),
        leaf_target=np.repeat(np.tile(np.arange(n_targets), len(stages)), leaves),
        leaf_weight=scale * model.learning_rate * _leaf_values(trees).ravel(),
        n_targets=n_targets,
        base_values=scale * base,
        post_transform=transform,
    )


def _read_hist_gradient_boosting(model: Estimator) -> TreeArrays:
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
        threshold=nodes["num_threshold"].astype(np.float64),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=is_leaf,
        leaf_target=(tree_id % per_iteration)[is_leaf],
        leaf_weight=nodes["value"][is_leaf].astype(np.float64),
        n_targets=per_iteration,
        base_values=np.asarray(model._baseline_prediction, dtype=np.float64).ravel(),
        post_transform=_link_of(model, per_iteration),
    )


def _link_of(model: Estimator, per_iteration: int) -> PostTransform:
    if isinstance(model, HistGradientBoostingClassifier):
        return "LOGISTIC" if per_iteration == 1 else "SOFTMAX"
    return "EXP" if model.loss in ("poisson", "gamma") else "NONE"


def _read_isolation_forest(model: Estimator) -> TreeArrays:
    """Read the lengths of paths: depth of a leaf and what its rows would need to be apart."""
    trees = _trees_of(model)
    lengths = [_depths(tree) + average_path_length(tree.n_node_samples) for tree in trees]
    leaves = [length[tree.children_left < 0] for tree, length in zip(trees, lengths, strict=True)]
    usual = float(average_path_length(np.asarray([model.max_samples_]))[0])
    return TreeArrays(
        **join_trees(trees, model.estimators_features_),
        **_spread(np.concatenate(leaves)[:, None]),
        divisor=len(trees) * usual or 1.0,
        base_values=np.asarray([model.offset_], dtype=np.float64),
        post_transform="ISOLATION",
    )


def _depths(tree: Any) -> NDArray[np.float64]:  # noqa: ANN401  scikit-learn's Tree has no type
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # a parent stands before its children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    return depth


def average_path_length(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Mean length of the path to one of n rows in a random tree.

    Equation 1 of Liu, Ting, Zhou: Isolation Forest, http://dx.doi.org/10.1109/ICDM.2008.17.
    """
    n = np.maximum(rows.astype(np.float64), 3)
    usual = 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.select([rows <= 1, rows == 2], [0.0, 1.0], usual)


_readers: dict[type, TreeReader] = {
    **dict.fromkeys(
        (
            DecisionTreeClassifier,
            ExtraTreeClassifier,
            ExtraTreesClassifier,
            RandomForestClassifier,
        ),
        _read_votes,
    ),
    **dict.fromkeys(
        (DecisionTreeRegressor, ExtraTreeRegressor, ExtraTreesRegressor, RandomForestRegressor),
        _read_means,
    ),
    AdaBoostClassifier: _read_ada_boost,
    GradientBoostingClassifier: _read_gradient_boosting,
    GradientBoostingRegressor: _read_gradient_boosting,
    HistGradientBoostingClassifier: _read_hist_gradient_boosting,
    HistGradientBoostingRegressor: _read_hist_gradient_boosting,
    IsolationForest: _read_isolation_forest,
}

#: Classes of scikit-learn that have a reader.
TREE_CLASSES = tuple(_readers)
