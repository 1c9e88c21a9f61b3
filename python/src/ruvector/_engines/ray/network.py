"""PyTorch on workers: one network, whose gradients are averaged over the workers after each batch.

Every worker goes over its own rows; together they see as many rows a step as a local fit. Scales
come from an even share of the rows, and the newest rows are validated on, which every worker holds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ..._training import TrainingStep, check_loss
from ..._untyped import Estimator
from .worker import Worker

__all__ = ["fit_network"]


def fit_network(worker: Worker) -> Estimator:
    """Fit a ``TorchClassifier``."""
    import torch
    from ray.train.torch import prepare_model

    job, model = worker.job, worker.job.model
    torch.set_num_threads(1)
    model.classes_ = np.asarray(job.classes)
    model.n_features_in_ = len(job.folder.feature_names)
    # The same seed everywhere, so that all begin with the same weights.
    model.build(job.sample.X, np.searchsorted(model.classes_, job.sample.y), _random(model))
    plain = model.module_
    model.module_ = prepare_model(plain)
    best_state = _learn(worker, model, plain)
    model.module_ = plain
    model.restore(best_state)
    model.n_iter_ = len(model.history_)
    return model


def _random(model: Estimator) -> np.random.RandomState:
    found: np.random.RandomState = check_random_state(model.random_state)
    return found


def _learn(worker: Worker, model: Estimator, plain: Any) -> dict[str, Any]:  # noqa: ANN401
    import torch

    state = worker.load()
    if state is not None:
        plain.load_state_dict(state["weights"])
        model._optimizer.load_state_dict(state["optimizer"])
    model.history_ = [] if state is None else state["history"]
    best, waited = (math.inf, 0) if state is None else state["best"]
    best_state = model_state(plain) if state is None else state["best_state"]
    seed = int(_random(model).randint(2**31 - model.max_epochs)) + worker.rank
    for epoch in range(len(model.history_) + 1, model.max_epochs + 1):
        torch.manual_seed(seed + epoch)
        losses = {"loss": _go_over(worker, model, np.random.RandomState(seed + epoch), epoch)}
        check_loss(losses["loss"], epoch)
        if len(worker.job.valid.y):
            losses["valid_loss"] = _validate(worker, model, plain)
            check_loss(losses["valid_loss"], epoch)
        model.history_.append(losses)
        watched = losses.get("valid_loss", losses["loss"])
        waited += 1
        if watched < best:
            best, best_state, waited = watched, model_state(plain), 0
        metrics = {name: value for name, value in losses.items() if name != "loss"}
        step = TrainingStep(epoch, model.max_epochs, losses["loss"], metrics)
        stop, save = worker.tell(step)
        if save:
            kept = {"weights": model_state(plain), "optimizer": model._optimizer.state_dict()}
            progress = {"history": model.history_, "best": (best, waited)}
            worker.save({**kept, **progress, "best_state": best_state})
        if stop or waited >= model.patience:
            break
    return best_state


def model_state(module: Any) -> dict[str, Any]:  # noqa: ANN401  a torch.nn.Module
    """Copy of the weights."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _go_over(worker: Worker, model: Estimator, rng: np.random.RandomState, epoch: int) -> float:
    """Learn from the rows of this worker once; returns the mean loss of all workers."""
    import torch

    model.module_.train()
    total, rows = 0.0, 0
    for X, y in worker.rows.batches(max(1, model.batch_size // worker.world), rng):
        with torch.no_grad():
            Z = model.front_(torch.from_numpy(X))
        target = torch.from_numpy(np.searchsorted(model.classes_, y))
        weight = torch.from_numpy(worker.weigh(y).astype(np.float32))
        total += float(model.train_step(Z, target, weight)) * len(y)
        rows += len(y)
    sums = worker.mean(epoch, [np.array([total, rows])])
    return float(sums[0][0] / max(sums[0][1], 1))


def _validate(worker: Worker, model: Estimator, plain: Any) -> float:  # noqa: ANN401
    import torch

    job = worker.job
    plain.eval()
    with torch.inference_mode():
        Z = model.front_(torch.from_numpy(job.valid.X))
        target = torch.from_numpy(np.searchsorted(model.classes_, job.valid.y))
        weight = torch.from_numpy(worker.weigh(job.valid.y).astype(np.float32))
        return float(model.loss(plain(Z), target, weight))
