"""Estimators of scikit-learn on workers: whole in one, or a model of each part, put together.

A forest is what it was: its trees, each grown by one worker, on all rows where they fit into it,
else on its part of them. Histogram gradient boosting becomes the mean of the probabilities of as
many models as there are workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state

from ..._training import (
    balance,
    check_missing,
    fit_rows,
    take_training_rows,
    task_of,
)
from ..._untyped import Estimator
from .rows import Part, read_whole
from .worker import Worker

__all__ = [
    "FORESTS",
    "PARTS",
    "fit_part",
    "fit_trees",
    "fit_whole",
    "join_parts",
    "pad_classes",
    "take_rows",
]

FORESTS = (ExtraTreesClassifier, RandomForestClassifier)
#: Learnt in parts: the mean of what several models on parts answer is as good a model.
PARTS = (*FORESTS, HistGradientBoostingClassifier)


def fit_whole(worker: Worker) -> Estimator:
    """Fit on all rows in this one worker, exactly as a local fit does."""
    job = worker.job
    dataset, task = job.folder.read(), task_of(job.model)
    X, y = take_training_rows(dataset, task)
    check_missing(job.model, X, dataset.feature_names)
    is_weighed = job.class_weights is not None and y is not None
    weights = balance(job.model, y) if is_weighed and y is not None else {}
    fit_rows(job.model, X, y, weights, [worker.obey])
    return job.model


def fit_trees(worker: Worker) -> Estimator:
    """Grow a share of the trees of a forest on all rows: those that a local fit has there."""
    model, wanted = worker.job.model, worker.job.model.n_estimators
    before = sum(_share(wanted, rank, worker.world) for rank in range(worker.rank))
    random = check_random_state(model.random_state)
    # As many seeds as the trees before take; see ``BaseForest.fit``.
    random.randint(np.iinfo(np.int32).max, size=before)
    model.set_params(n_estimators=_share(wanted, worker.rank, worker.world), random_state=random)
    X, y = read_whole(worker.job.folder, worker.job.is_absent)
    weights = worker.job.class_weights
    fit_rows(model, X, y, {} if weights is None else {"sample_weight": weights[y]}, [worker.obey])
    return model


def fit_part(worker: Worker) -> Estimator:
    """Fit one model on the rows of this worker."""
    model = worker.job.model
    if isinstance(model, FORESTS):
        model.set_params(n_estimators=_share(model.n_estimators, worker.rank, worker.world))
    if model.random_state is not None:
        model.set_params(random_state=int(model.random_state) + worker.rank)
    X, y, weights = pad_classes(worker, *worker.rows.all())
    fit_rows(model, X, y, {"sample_weight": weights}, [worker.obey])
    return model


def take_rows(worker: Worker) -> Part:
    """Rows that this worker learns from: a stretch of all of them, or what was streamed to it.

    Ray gives workers as many rows each and leaves out what is over, which a few rows would feel.
    """
    if not worker.job.is_copied:
        return worker.rows.all()
    X, y = read_whole(worker.job.folder, worker.job.is_absent)
    own = np.array_split(np.arange(len(y)), worker.world)[worker.rank]
    return X[own], y[own]


def pad_classes(
    worker: Worker, X: NDArray[np.float32], y: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Rows and their weights, with two of weight 0 for each class that they lack.

    All workers have to know the same classes.
    """
    weights = worker.weigh(y)
    lacks = np.repeat(np.setdiff1d(worker.job.classes, y), 2)
    if len(lacks):
        X = np.concatenate([X, np.repeat(X[:1], len(lacks), axis=0)])
        y = np.concatenate([y, lacks.astype(np.int64)])
        weights = np.concatenate([weights, np.zeros(len(lacks))])
    return X, y, weights


def join_parts(models: list[Estimator], parameters: Mapping[str, Any]) -> Estimator:
    """Put the models of the workers together.

    Parameters
    ----------
    models : list of estimator
        In the order of the workers.
    parameters : mapping
        Of the estimator as it was asked for.

    """
    first = models[0]
    if len(models) == 1:
        return first
    if isinstance(first, FORESTS):
        first.estimators_ = [tree for model in models for tree in model.estimators_]
        return first.set_params(**parameters)
    named = [(f"part{index}", model) for index, model in enumerate(models)]
    joined = VotingClassifier(named, voting="soft")
    joined.estimators_ = models
    joined.le_ = LabelEncoder().fit(first.classes_)
    joined.classes_ = joined.le_.classes_
    return joined


def _share(whole: int, rank: int, world: int) -> int:
    return max(1, whole // world + (rank < whole % world))
