"""LightGBM: names, trees and progress. Needs the package ``lightgbm``.

Its dump of a model: https://lightgbm.readthedocs.io (Booster.dump_model).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from lightgbm.callback import EarlyStopException

from ..._untyped import Estimator
from ..graphs import refuse_before_fit, register_trees
from ..progress import StopTraining, report
from ..registry import Entry, register
from ..trees import PostTransform, TreeArrays
from ..watching import register_watcher
from .nodes import NodeTable

__all__: list[str] = []

_TRANSFORMS: dict[str, PostTransform] = {
    "binary": "LOGISTIC",
    "cross_entropy": "LOGISTIC",
    "gamma": "EXP",
    "multiclass": "SOFTMAX",
    "poisson": "EXP",
    "tweedie": "EXP",
}
# LightGBM's kZeroThreshold, a float32.
_ZERO = float(np.float32(1e-35))
_VALUES = ("fair", "huber", "mape", "quantile", "regression", "regression_l1")
_REFUSED = {
    "linear_tree": "leaves with linear models have no ONNX form; leave linear_tree False",
    "zero_as_missing": "zeros as missing values have no ONNX form; leave zero_as_missing False",
}


def _read(model: Estimator) -> TreeArrays:
    dump = model.booster_.dump_model()
    table = NodeTable()
    for tree in dump["tree_info"]:
        _add_tree(table, tree["tree_structure"])
    per_iteration = int(dump["num_tree_per_iteration"])
    objective, *options = dump["objective"].split()
    sigmoid = next((float(each[8:]) for each in options if each.startswith("sigmoid:")), 1.0)
    if objective not in (*_TRANSFORMS, *_VALUES) or "sqrt" in options:
        raise NotImplementedError(f'objective "{dump["objective"]}" has no ONNX form')
    iterations = len(dump["tree_info"]) / per_iteration
    return table.to_arrays(
        n_targets=per_iteration,
        divisor=(iterations if dump["average_output"] else 1.0) / sigmoid,
        post_transform=_TRANSFORMS.get(objective, "NONE"),
    )


def _add_tree(table: NodeTable, root: dict[str, Any]) -> None:
    table.start_tree()
    waiting = [(root, table.reserve())]
    while waiting:
        node, at = waiting.pop()
        if "split_feature" not in node:
            table.set_leaf(at, node["leaf_value"])
            continue
        if node["decision_type"] != "<=":
            raise NotImplementedError("categorical features have no ONNX form")
        # Without missing values in training NaN counts as 0.
        as_zero = node["missing_type"] == "None"
        missing_left = node["threshold"] >= 0 if as_zero else node["default_left"]
        left, right = table.reserve(), table.reserve()
        threshold = _as_decided(node["threshold"])
        table.set_split(at, node["split_feature"], threshold, (left, right), bool(missing_left))
        waiting += [(node["left_child"], left), (node["right_child"], right)]


def _as_decided(threshold: float) -> float:
    """Move a threshold so close to 0 that LightGBM tells no values apart there.

    To a tree every value up to ``kZeroThreshold`` from 0 is 0.
    """
    if abs(threshold) > _ZERO:
        return threshold
    return _ZERO if threshold >= 0 else math.nextafter(-_ZERO, -math.inf)


def _refuse(model: Estimator) -> str | None:
    parameters = model.get_params()
    objective = parameters.get("objective")
    if callable(objective):
        return "an objective of your own has no ONNX form; name one"
    if isinstance(objective, str) and objective not in (*_TRANSFORMS, *_VALUES):
        return f'objective "{objective}" has no ONNX form; leave it away'
    return next((text for name, text in _REFUSED.items() if parameters.get(name)), None)


@contextmanager
def _watch(model: Estimator) -> Iterator[dict[str, Any]]:
    def tell(state: Any) -> None:  # noqa: ANN401  LightGBM's CallbackEnv
        try:
            losses = {str(result[1]): float(result[2]) for result in state.evaluation_result_list}
            report(state.iteration + 1, state.end_iteration, metrics=losses)
        except StopTraining as stop:
            raise EarlyStopException(state.iteration, []) from stop

    yield {"callbacks": [tell]}


def _create_classifier() -> Estimator:
    return LGBMClassifier(
        n_estimators=60,
        num_leaves=15,
        min_child_samples=10,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        verbose=-1,
    )


def _create_regressor() -> Estimator:
    return LGBMRegressor(**_create_classifier().get_params())


for _kind in (LGBMClassifier, LGBMRegressor):
    register_trees(_kind, _read)
    register_watcher(_kind, _watch)
    refuse_before_fit(_kind, _refuse)
register(Entry("lightgbm.LGBMClassifier", "classification", _create_classifier))
register(Entry("lightgbm.LGBMRegressor", "forecast", _create_regressor))
