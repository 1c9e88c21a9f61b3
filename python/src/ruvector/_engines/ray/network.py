"""PyTorch on workers: one network, whose gradients are averaged over the workers after each batch.

Where the rows fit into every worker, each takes its share of the batches of a local fit, in the
same order, so that both come to the same weights but for rounding. Else every worker goes over rows
of its own; together they see as many rows a step, scales come from an even share of the rows, and
the newest rows, which every worker holds, are validated on.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..._training import TrainingStep, check_loss
from ..._untyped import Estimator
from ..split_rows import SplitRows
from .rows import read_whole
from .worker import Worker

__all__ = ["fit_network"]


class _Batch:
    """Rows of this worker in one batch of all workers.

    Attributes
    ----------
    X, y : ndarray
        Rows and labels.
    rows : int
        Rows that the loss is told for.
    share : float
        What the mean loss of these rows counts: 1 where all workers weigh the same.

    """

    def __init__(self, X: NDArray[Any], y: NDArray[Any], rows: int, share: float) -> None:
        self.X, self.y, self.rows, self.share = X, y, rows, share


class _Source(Protocol):
    """Where the rows of a fit come from."""

    scales: SplitRows
    valid: SplitRows

    def batches(self, rng: np.random.RandomState) -> Iterator[_Batch]:
        """Go over the rows once, in an order by ``rng``."""


class _Stream:
    """Rows of this worker alone, streamed."""

    def __init__(self, worker: Worker, size: int) -> None:
        self._worker = worker
        self._size = max(1, size // worker.world)
        self.scales = worker.job.sample
        self.valid = worker.job.valid

    def batches(self, rng: np.random.RandomState) -> Iterator[_Batch]:
        own = np.random.RandomState(int(rng.randint(2**31 - 1)) ^ self._worker.rank)
        for X, y in self._worker.rows.batches(self._size, own):
            yield _Batch(X, y, len(y), 1.0)


class _Copy:
    """All rows, which every worker holds: a batch is cut into as many parts as there are."""

    def __init__(self, worker: Worker, size: int, validation_fraction: float) -> None:
        self._worker = worker
        self._size = size
        X, y = read_whole(worker.job.folder, worker.job.is_absent)
        cut = max(1, len(y) - int(len(y) * validation_fraction))
        self.scales = SplitRows(X[:cut], y[:cut])
        self.valid = SplitRows(X[cut:], y[cut:])
        self._weights = worker.weigh(self.scales.y)

    def batches(self, rng: np.random.RandomState) -> Iterator[_Batch]:
        X, y, weights = self.scales.X, self.scales.y, self._weights
        rank, world = self._worker.rank, self._worker.world
        order = rng.permutation(len(y))
        for start in range(0, len(order), self._size):
            batch = order[start : start + self._size]
            own, whole = batch[rank::world], weights[batch].sum()
            if len(own) and whole > 0:
                share = world * weights[own].sum() / whole
            else:
                own, share = batch[:1], 0.0
            yield _Batch(X[own], y[own], len(batch), float(share))


def fit_network(worker: Worker) -> Estimator | None:
    """Fit a ``TorchClassifier``."""
    import torch
    from ray.train.torch import prepare_model

    job, model = worker.job, worker.job.model
    torch.set_num_threads(1)
    source: _Source = (
        _Copy(worker, model.batch_size, model.validation_fraction)
        if job.is_copied
        else _Stream(worker, model.batch_size)
    )
    model.classes_ = np.asarray(job.classes)
    model.n_features_in_ = len(job.folder.feature_names)
    # The same seed everywhere, so that all begin with the same weights.
    rng: np.random.RandomState = check_random_state(model.random_state)
    model.build(source.scales.X, np.searchsorted(model.classes_, source.scales.y), rng)
    plain = model.module_
    model.module_ = prepare_model(plain)
    best_state = _Learner(worker, model, plain, source).learn(rng)
    model.module_ = plain
    model.restore(best_state)
    model.n_iter_ = len(model.history_)
    return model if worker.rank == 0 else None


class _Learner:
    """The epochs of a fit on one worker."""

    def __init__(self, worker: Worker, model: Estimator, plain: Any, source: _Source) -> None:  # noqa: ANN401
        self._worker = worker
        self._model = model
        self._plain = plain
        self._source = source
        self._share = 1.0
        own_loss = model.loss
        # Of the class, so that a step that a subclass wrote is kept.
        model.loss = lambda *told: own_loss(*told) * self._share

    def learn(self, rng: np.random.RandomState) -> dict[str, Any]:
        """Learn until the end; returns the best weights."""
        worker, model, plain = self._worker, self._model, self._plain
        state = worker.load()
        if state is not None:
            plain.load_state_dict(state["weights"])
            model._optimizer.load_state_dict(state["optimizer"])
            rng = state["rng"]
        model.history_ = [] if state is None else state["history"]
        best, waited = (math.inf, 0) if state is None else state["best"]
        best_state = _weights_of(plain) if state is None else state["best_state"]
        for epoch in range(len(model.history_) + 1, model.max_epochs + 1):
            losses = self._losses(rng, epoch)
            model.history_.append(losses)
            watched = losses.get("valid_loss", losses["loss"])
            waited += 1
            if watched < best:
                best, best_state, waited = watched, _weights_of(plain), 0
            metrics = {name: value for name, value in losses.items() if name != "loss"}
            step = TrainingStep(epoch, model.max_epochs, losses["loss"], metrics)
            stop, save = worker.tell(step)
            if save:
                kept = {"weights": _weights_of(plain), "optimizer": model._optimizer.state_dict()}
                progress = {"history": model.history_, "best": (best, waited)}
                rest = {"best_state": best_state, "rng": copy.deepcopy(rng)}
                worker.save({**kept, **progress, **rest})
            if stop or waited >= model.patience:
                break
        del model.loss
        return best_state

    def _losses(self, rng: np.random.RandomState, epoch: int) -> dict[str, float]:
        losses = {"loss": self._go_over(rng, epoch)}
        check_loss(losses["loss"], epoch)
        if len(self._source.valid.y):
            losses["valid_loss"] = self._validate()
            check_loss(losses["valid_loss"], epoch)
        return losses

    def _go_over(self, rng: np.random.RandomState, epoch: int) -> float:
        """Learn from the rows once; returns the mean loss of all workers."""
        self._model.module_.train()
        total, rows = 0.0, 0
        for batch in self._source.batches(rng):
            self._share = batch.share
            loss = self._model.train_step(*self._tensors(SplitRows(batch.X, batch.y)))
            total += float(loss) * batch.rows
            rows += batch.rows
        sums = self._worker.mean(epoch, [np.array([total, rows])])
        return float(sums[0][0] / max(sums[0][1], 1))

    def _validate(self) -> float:
        import torch

        self._plain.eval()
        self._share = 1.0
        X, target, weight = self._tensors(self._source.valid)
        with torch.inference_mode():
            return float(self._model.loss(self._plain(X), target, weight))

    def _tensors(self, rows: SplitRows) -> tuple[Any, Any, Any]:
        """Standardised rows, targets and weights."""
        import torch

        with torch.no_grad():
            X = self._model.front_(torch.from_numpy(rows.X))
        target = torch.from_numpy(np.searchsorted(self._model.classes_, rows.y))
        return X, target, torch.from_numpy(self._worker.weigh(rows.y).astype(np.float32))


def _weights_of(module: Any) -> dict[str, Any]:  # noqa: ANN401  a torch.nn.Module
    """Copy of the weights."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
