"""Models that hosts train together: what travels of each, and how a host goes on from it.

Linear models and networks are lists of arrays, which strategies average. Boosted trees are one
array of bytes, XGBoost's JSON, to which every host adds trees.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from ..._exceptions import EngineOptionsError
from ..._training import create_estimator, swap_back, swap_in, walk
from ..._untyped import Estimator
from ..split_rows import SplitRows

__all__ = ["Arrays", "HostFit", "SharedModel", "share_model"]

Arrays = list[NDArray[Any]]

# Of LogisticRegression in one epoch.
_SOLVER_STEPS = 10
# Stochastic gradient descent ends after some tens by itself, and hosts cannot end it together.
_LINEAR_EPOCHS = 100


@dataclass(frozen=True)
class HostFit:
    """What a host is asked for in a round.

    Attributes
    ----------
    epochs : int
        Passes over the rows of the host, or iterations of boosting.
    weights : ndarray, shape (labels,), or None
        Weight of a row by its label.
    proximal_mu : float
        Of FedProx; 0 for other strategies.
    hosts : int
        Hosts that take part.
    seed : int

    """

    epochs: int
    weights: NDArray[np.float64] | None
    proximal_mu: float
    hosts: int
    seed: int


class SharedModel(Protocol):
    """A kind of model that hosts train together."""

    def learn_scales(self, rows: SplitRows) -> None:
        """Learn the scales of the features from rows of the server."""

    def scales(self) -> Arrays:
        """Take what every host computes features with; not learnt."""

    def use_scales(self, scales: Arrays) -> None:
        """Take the scales of the server."""

    def start(self) -> Arrays:
        """Make what the first round begins with."""

    def local_epochs(self, rounds: int) -> int:
        """Count the epochs in each of so many rounds that together come as far as a local fit."""

    def fit(self, arrays: Arrays, rows: SplitRows, asked: HostFit) -> tuple[Arrays, float]:
        """Go on from the arrays of the server; returns this host's, and its loss."""

    def finish(self, arrays: Arrays) -> Estimator:
        """Make the fitted estimator."""


def share_model(
    name: str,
    parameters: Mapping[str, Any],
    labels: int,
    features: int,
    window: Mapping[str, int] | None,
    seed: int,
) -> SharedModel:
    """Make a model by its name, the same on the server and on every host.

    Raises
    ------
    EngineOptionsError
        Hosts cannot train this one together; the text names those they can.

    """
    model = create_estimator(name, parameters, seed=seed)
    kinds = {kind.__name__ for kind in type(model).__mro__}
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if "TorchClassifier" in kinds:
        return _SharedNetwork(model, labels, features, window)
    if "XGBClassifier" in kinds:
        return _SharedTrees(model, labels)
    if isinstance(last, LogisticRegression | SGDClassifier) and name in _LINEAR:
        return _SharedLinear(model, labels, features)
    raise EngineOptionsError(
        f'Cannot train estimator "{name}" across hosts: its models cannot be put together; use '
        f"one of {', '.join((*_LINEAR, *_NETWORKS, 'xgboost.XGBClassifier'))}"
    )


_NETWORKS = ("torch.MLP", "torch.GRU", "torch.TCN")
_LINEAR = ("sklearn.LogisticRegression", "sklearn.SGDClassifier")


class _SharedLinear:
    """A preset of scikit-learn: imputer, scaler, linear classifier. Weights are averaged."""

    def __init__(self, model: Estimator, labels: int, features: int) -> None:
        self._model = model
        self._last = model.steps[-1][1]
        self._labels = np.arange(labels)
        self._features = features
        self._own = self._last.get_params()
        self._strength = self._own.get("C", 1.0)

    def learn_scales(self, rows: SplitRows) -> None:
        front = self._model[:-1]
        members = list(walk(front))
        swap_in(members)
        front.fit(rows.X)
        swap_back(members)

    def scales(self) -> Arrays:
        imputer, scaler = (step for _, step in self._model.steps[:2])
        return [imputer.statistics_, scaler.mean_, scaler.scale_]

    def use_scales(self, scales: Arrays) -> None:
        self.learn_scales(
            SplitRows(np.zeros((2, self._features), np.float32), np.zeros(2, np.int64))
        )
        imputer, scaler = (step for _, step in self._model.steps[:2])
        imputer.statistics_, scaler.mean_, scaler.scale_ = (np.array(each) for each in scales)
        scaler.var_ = scaler.scale_**2

    def start(self) -> Arrays:
        k = len(self._labels)
        return [np.zeros((k, self._features)), np.zeros(k)]

    def local_epochs(self, rounds: int) -> int:
        is_solved = isinstance(self._last, LogisticRegression)
        steps = self._last.max_iter / _SOLVER_STEPS if is_solved else _LINEAR_EPOCHS
        return math.ceil(steps / rounds)

    def fit(self, arrays: Arrays, rows: SplitRows, asked: HostFit) -> tuple[Arrays, float]:
        Z = self._model[:-1].transform(rows.X).astype(np.float64)
        weight = np.ones(len(rows.y)) if asked.weights is None else asked.weights[rows.y]
        lacks = np.setdiff1d(self._labels, rows.y)
        Z = np.concatenate([Z, np.zeros((len(lacks), Z.shape[1]), Z.dtype)])
        y, weight = np.concatenate([rows.y, lacks]), np.concatenate([weight, np.zeros(len(lacks))])
        last = self._take(arrays)
        if isinstance(last, LogisticRegression):
            # A host has a part of the rows: it regularises by that part.
            strength = self._strength * asked.hosts
            last.set_params(warm_start=True, max_iter=_SOLVER_STEPS * asked.epochs, C=strength)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                last.fit(Z, y, sample_weight=weight)
            last.set_params(**self._own)
        else:
            rng = np.random.RandomState(asked.seed)
            for _ in range(asked.epochs):
                order = rng.permutation(len(y))
                last.partial_fit(Z[order], y[order], self._labels, weight[order])
        answers = last.predict_proba(Z)[np.arange(len(y)), y]
        loss = float(-np.average(np.log(np.maximum(answers, 1e-12)), weights=weight))
        return [last.coef_, last.intercept_], loss

    def finish(self, arrays: Arrays) -> Estimator:
        # As a fit of float32 rows leaves them: the exported model computes in float32 too.
        self._take(arrays, np.float32)
        return self._model

    def _take(self, arrays: Arrays, kind: type = np.float64) -> Estimator:
        last = self._last
        last.coef_, last.intercept_ = (np.array(each, dtype=kind) for each in arrays)
        last.classes_, last.n_features_in_ = self._labels, self._features
        last.n_iter_ = np.array([1], np.int32)
        return last


class _SharedNetwork:
    """A network of PyTorch. Weights are averaged; with FedProx hosts are held near them."""

    def __init__(
        self, model: Estimator, labels: int, features: int, window: Mapping[str, int] | None
    ) -> None:
        if window is not None and model.window is None:
            model.window = (int(window["steps"]), features // int(window["steps"]))
        model.classes_ = np.arange(labels)
        model.n_features_in_ = features
        self._model = model
        self._build(SplitRows(np.zeros((2, features), np.float32), np.zeros(2, np.int64)))

    def _build(self, rows: SplitRows) -> None:
        import torch

        torch.set_num_threads(1)
        random = check_random_state(self._model.random_state)
        self._model.build(rows.X, np.searchsorted(self._model.classes_, rows.y), random)

    def learn_scales(self, rows: SplitRows) -> None:
        self._build(rows)

    def scales(self) -> Arrays:
        front = self._model.front_
        return [front.mean.numpy(), front.scale.numpy()]

    def use_scales(self, scales: Arrays) -> None:
        import torch

        front = self._model.front_
        for buffer, values in zip((front.mean, front.scale), scales, strict=True):
            buffer.copy_(torch.from_numpy(np.asarray(values, np.float32)))

    def start(self) -> Arrays:
        return [value.detach().numpy().copy() for value in self._model.module_.parameters()]

    def local_epochs(self, rounds: int) -> int:
        # The optimizer begins anew in each round.
        return math.ceil(2 * int(self._model.max_epochs) / rounds)

    def fit(self, arrays: Arrays, rows: SplitRows, asked: HostFit) -> tuple[Arrays, float]:
        import torch

        model = self._model
        self._take(arrays)
        anchors = [value.detach().clone() for value in model.module_.parameters()]
        torch.manual_seed(asked.seed)
        rng = np.random.RandomState(asked.seed)
        weight = np.ones(len(rows.y)) if asked.weights is None else asked.weights[rows.y]
        own_loss, own_size = model.loss, model.batch_size
        # All hosts together see as many rows a step as a local fit.
        model.batch_size = max(1, own_size // asked.hosts)

        def loss(answers: Any, target: Any, weights: Any) -> Any:  # noqa: ANN401
            value = own_loss(answers, target, weights)
            near = zip(model.module_.parameters(), anchors, strict=True)
            away = sum(((each - anchor) ** 2).sum() for each, anchor in near)
            return value + asked.proximal_mu / 2 * away

        model.loss = loss if asked.proximal_mu > 0 else own_loss
        for _ in range(asked.epochs):
            last = model.train_epoch(rows.X, rows.y, weight.astype(np.float32), rng)
        model.batch_size = own_size
        return self.start(), float(last)

    def finish(self, arrays: Arrays) -> Estimator:
        self._take(arrays)
        self._model.history_ = []
        self._model.restore(self._model.snapshot())
        return self._model

    def _take(self, arrays: Arrays) -> None:
        import torch

        with torch.no_grad():
            for value, given in zip(self._model.module_.parameters(), arrays, strict=True):
                value.copy_(torch.from_numpy(np.asarray(given, np.float32)))


class _SharedTrees:
    """Boosted trees of XGBoost: each round every host adds its own, and a leaf counts 1 / hosts.

    So that a round is the mean of what the hosts would have added alone. Flower's FedXgbBagging
    takes ``num_parallel_tree`` trees from each host, which here says how many a host has added.
    """

    def __init__(self, model: Estimator, labels: int) -> None:
        self._model = model
        self._labels = labels

    def learn_scales(self, rows: SplitRows) -> None:
        """Trees need none."""

    def scales(self) -> Arrays:
        return []

    def use_scales(self, scales: Arrays) -> None:
        """Trees need none."""

    def start(self) -> Arrays:
        return [np.empty(0, np.uint8)]

    def local_epochs(self, rounds: int) -> int:
        return math.ceil(int(self._model.get_num_boosting_rounds()) / rounds)

    def fit(self, arrays: Arrays, rows: SplitRows, asked: HostFit) -> tuple[Arrays, float]:
        import xgboost

        weight = None if asked.weights is None else asked.weights[rows.y]
        data = xgboost.DMatrix(rows.X, rows.y, weight=weight)
        before = self._booster(arrays)
        told: dict[str, Any] = {}
        booster = xgboost.train(
            self._parameters(asked.seed),
            data,
            asked.epochs,
            xgb_model=before,
            evals=[(data, "train")],
            evals_result=told,
            verbose_eval=False,
        )
        first = 0 if before is None else before.num_boosted_rounds()
        added = json.loads(booster[first:].save_raw("json"))
        return [_to_array(_shrink(added, asked.hosts))], float(told["train"]["mlogloss"][-1])

    def finish(self, arrays: Arrays) -> Estimator:
        import xgboost

        booster = self._booster(arrays)
        assert booster is not None
        model = self._model
        rows = np.zeros((self._labels, booster.num_features()), np.float32)
        model.set_params(n_estimators=1)
        model.fit(rows, np.arange(self._labels))
        model.set_params(n_estimators=booster.num_boosted_rounds())
        model._Booster = xgboost.Booster(model_file=booster.save_raw("json"))
        return model

    def _parameters(self, seed: int) -> dict[str, Any]:
        own = self._model.get_xgb_params()
        wanted = {"objective": "multi:softprob", "num_class": self._labels, "base_score": 0.5}
        return {**own, **wanted, "eval_metric": "mlogloss", "seed": seed}

    def _booster(self, arrays: Arrays) -> Any:  # noqa: ANN401
        import xgboost

        payload = bytes(np.asarray(arrays[0], np.uint8))
        if not payload:
            return None
        return xgboost.Booster(model_file=bytearray(self._tidy(json.loads(payload))))

    def _tidy(self, learnt: dict[str, Any]) -> bytes:
        """Write the trees of all hosts as iterations, of one tree a label, as they came."""
        model = learnt["learner"]["gradient_booster"]["model"]
        n, k = len(model["trees"]), self._labels
        for index, tree in enumerate(model["trees"]):
            tree["id"] = index
        model["tree_info"] = [index % k for index in range(n)]
        model["iteration_indptr"] = list(range(0, n + 1, k))
        model["gbtree_model_param"] = {"num_trees": str(n), "num_parallel_tree": "1"}
        return json.dumps(learnt).encode()


def _shrink(learnt: dict[str, Any], hosts: int) -> dict[str, Any]:
    """Divide the leaves by the number of hosts, and say how many trees were added."""
    model = learnt["learner"]["gradient_booster"]["model"]
    for tree in model["trees"]:
        for node, left in enumerate(tree["left_children"]):
            if left < 0:
                tree["split_conditions"][node] /= hosts
                tree["base_weights"][node] /= hosts
    model["gbtree_model_param"]["num_parallel_tree"] = str(len(model["trees"]))
    return learnt


def _to_array(learnt: Mapping[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(learnt).encode(), np.uint8)
