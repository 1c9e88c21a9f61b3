"""XGBoost: names, trees and progress. Needs the package ``xgboost``.

Its model in JSON: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xgboost import XGBClassifier, XGBRegressor
from xgboost.callback import TrainingCallback

from ..._untyped import Estimator
from ..graphs import refuse_before_fit, register_trees
from ..progress import StopTraining, report
from ..registry import Entry, register
from ..swapped_classes import register_swap
from ..trees import PostTransform, TreeArrays
from ..watching import register_watcher
from .nodes import NodeTable

__all__: list[str] = []

_TRANSFORMS: dict[str, PostTransform] = {
    "binary:logistic": "LOGISTIC",
    "count:poisson": "EXP",
    "multi:softprob": "SOFTMAX",
    "reg:absoluteerror": "NONE",
    "reg:gamma": "EXP",
    "reg:logistic": "LOGISTIC",
    "reg:pseudohubererror": "NONE",
    "reg:squarederror": "NONE",
    "reg:tweedie": "EXP",
}


class EncodedXGBClassifier(XGBClassifier):
    """An XGBClassifier for labels with gaps: XGBoost itself takes 0 to k - 1 only.

    ``classes_`` are the labels it was fitted on.
    """

    _labels: NDArray[Any] | None = None

    def fit(self, X: Any, y: Any, **options: Any) -> Estimator:  # noqa: ANN401
        """Fit on the positions of the labels; returns self."""
        self._labels = None  # while it fits, XGBoost wants to see its own
        labels, positions = np.unique(y, return_inverse=True)
        super().fit(X, positions, **options)
        self._labels = labels
        return self

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels, one for each probability column."""
        return np.arange(self.n_classes_) if self._labels is None else self._labels


def _read(model: Estimator) -> TreeArrays:
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    objective = learner["objective"]["name"]
    if objective not in _TRANSFORMS:
        raise NotImplementedError(f'objective "{objective}" has no ONNX form')
    booster = learner["gradient_booster"]
    scale = [1.0]
    if "weight_drop" in booster:  # DART
        scale, booster = booster["weight_drop"], booster["gbtree"]
    trees = booster["model"]["trees"]
    groups = max(int(learner["learner_model_param"]["num_class"]), 1)
    trees = trees[: _count_trees(model, len(trees), groups)]
    table = NodeTable()
    for tree, weight in zip(trees, np.resize(scale, len(trees)), strict=True):
        _add_tree(table, tree, float(weight))
    if booster["model"]["tree_info"][: len(trees)] != [at % groups for at in range(len(trees))]:
        raise NotImplementedError("num_parallel_tree has no ONNX form; leave it 1")
    transform = _TRANSFORMS[objective]
    return table.to_arrays(
        n_targets=groups,
        base_values=_base_values(learner, transform, groups),
        post_transform=transform,
        is_strict=True,
    )


def _count_trees(model: Estimator, n: int, groups: int) -> int:
    """Trees that ``predict`` uses: up to the best iteration when the fit stopped early."""
    best = getattr(model.get_booster(), "best_iteration", None) if _stops_early(model) else None
    return n if best is None else min(n, (best + 1) * groups)


def _stops_early(model: Estimator) -> bool:
    return model.get_params().get("early_stopping_rounds") is not None


def _base_values(
    learner: dict[str, Any], transform: PostTransform, groups: int
) -> NDArray[np.float64]:
    text = learner["learner_model_param"]["base_score"].strip("[]")
    base = np.asarray([float(each) for each in text.split(",")], dtype=np.float64)
    if transform == "LOGISTIC":
        base = np.log(base / (1 - base))
    elif transform == "EXP":
        base = np.log(base)
    return np.resize(base, groups)


def _add_tree(table: NodeTable, tree: dict[str, Any], weight: float) -> None:
    if any(tree["split_type"]):
        raise NotImplementedError("categorical features have no ONNX form")
    table.start_tree()
    left, right = tree["left_children"], tree["right_children"]
    for node in range(len(left)):
        table.reserve()
        number = tree["split_conditions"][node]  # of a leaf its value
        if left[node] < 0:
            table.set_leaf(node, weight * number)
        else:
            table.set_split(
                node,
                tree["split_indices"][node],
                float(np.float32(number)),
                (left[node], right[node]),
                bool(tree["default_left"][node]),
            )


def _refuse(model: Estimator) -> str | None:
    parameters = model.get_params()
    if parameters.get("booster") == "gblinear":
        return 'booster "gblinear" has no ONNX form; use sklearn.LogisticRegression'
    objective = parameters.get("objective")
    if callable(objective) or (isinstance(objective, str) and objective not in _TRANSFORMS):
        return f"objective {objective!r} has no ONNX form; leave it away"
    missing = parameters.get("missing", np.nan)
    if missing is not None and not np.isnan(missing):
        return "a number as missing value has no ONNX form; leave missing NaN"
    if (parameters.get("num_parallel_tree") or 1) > 1:
        return "several trees at a time have no ONNX form; leave num_parallel_tree 1"
    if parameters.get("multi_strategy") == "multi_output_tree":
        return "trees of vectors have no ONNX form; leave multi_strategy away"
    return None


class _Teller(TrainingCallback):
    def __init__(self, of: int) -> None:
        self._of = of

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ANN401
        figures = {
            f"{data} {name}": float(values[-1])
            for data, log in evals_log.items()
            for name, values in log.items()
        }
        try:
            report(epoch + 1, self._of, metrics=figures)
        except StopTraining:
            return True
        return False


@contextmanager
def _watch(model: Estimator) -> Iterator[dict[str, Any]]:
    own = model.get_params().get("callbacks")
    model.set_params(callbacks=[*(own or []), _Teller(model.get_num_boosting_rounds())])
    try:
        yield {}
    finally:
        model.set_params(callbacks=own)


def _create_classifier() -> Estimator:
    return XGBClassifier(n_estimators=60, max_depth=5, tree_method="hist", n_jobs=1, verbosity=0)


def _create_regressor() -> Estimator:
    return XGBRegressor(n_estimators=60, max_depth=5, tree_method="hist", n_jobs=1, verbosity=0)


for _kind in (XGBClassifier, XGBRegressor):
    register_trees(_kind, _read)
    register_watcher(_kind, _watch)
    refuse_before_fit(_kind, _refuse)
register_swap(XGBClassifier, EncodedXGBClassifier)
register(Entry("xgboost.XGBClassifier", "classification", _create_classifier))
register(Entry("xgboost.XGBRegressor", "forecast", _create_regressor))
