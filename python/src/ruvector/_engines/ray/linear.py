"""Stochastic gradient descent of scikit-learn on workers: weights are averaged after each epoch.

Zinkevich et al., "Parallelized Stochastic Gradient Descent", NIPS 2010, which is sound for linear
models: their loss is convex. Steps before the model in a pipeline are fitted on an even share of
the rows.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from ..._training import TrainingStep, swap_back, swap_in, walk
from ..._untyped import Estimator
from .worker import Worker

__all__ = ["fit_linear", "last_step"]

_BATCH_ROWS = 1024


def last_step(model: Estimator) -> Estimator:
    """Take the model itself, or the last step of a pipeline."""
    return model.steps[-1][1] if isinstance(model, Pipeline) else model


def fit_linear(worker: Worker) -> Estimator | None:
    """Fit an SGDClassifier, alone or at the end of a pipeline."""
    job, model = worker.job, worker.job.model
    front = model[:-1] if isinstance(model, Pipeline) else None
    if front is not None:
        members = list(walk(front))
        swap_in(members)
        front.fit(job.sample.X, job.sample.y)
        swap_back(members)
    learner = last_step(model)
    best = _learn(worker, learner, front)
    learner.__dict__.update(best.__dict__)
    return model if worker.rank == 0 else None


def _learn(worker: Worker, learner: Estimator, front: Any) -> Estimator:  # noqa: ANN401
    job = worker.job
    state = worker.load() or {"done": 0, "learner": learner, "best": (math.inf, 0), "kept": None}
    learner, kept, (best, waited) = state["learner"], state["kept"], state["best"]
    seed = int(check_random_state(learner.random_state).randint(2**30)) + worker.rank
    classes = np.asarray(job.classes)
    sample = job.sample.X if front is None else front.transform(job.sample.X)
    weights = worker.weigh(job.sample.y)
    for epoch in range(state["done"] + 1, learner.max_iter + 1):
        for X, y in worker.rows.batches(_BATCH_ROWS, np.random.RandomState(seed + epoch)):
            Z = X if front is None else front.transform(X)
            learner.partial_fit(Z, y, classes=classes, sample_weight=worker.weigh(y))
        averaged = worker.mean(epoch, [learner.coef_, learner.intercept_])
        learner.coef_, learner.intercept_ = averaged[0].copy(), averaged[1].copy()
        loss = log_loss(
            job.sample.y, learner.predict_proba(sample), sample_weight=weights, labels=classes
        )
        waited += 1
        if loss < best - (learner.tol or 0):
            waited = 0
        if loss < best:
            best, kept = loss, copy.deepcopy(learner)
        stop, save = worker.tell(TrainingStep(epoch, learner.max_iter, loss))
        if save:
            worker.save({"done": epoch, "learner": learner, "best": (best, waited), "kept": kept})
        if stop or waited >= learner.n_iter_no_change:
            break
    kept.n_iter_ = epoch
    return kept
