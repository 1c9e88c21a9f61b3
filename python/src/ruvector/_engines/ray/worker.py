"""One worker of a run: its job, its rows, what it tells, and the checkpoints it saves.

How a kind of model is learnt: ``boosting``, ``network``, ``linear`` and ``parts``.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._client import DatasetFolder
from ..._exceptions import RuvectorError
from ..._training import StopTraining, TrainingStep
from ..._untyped import Estimator
from ..split_rows import SplitRows
from .exchange import Verdict
from .rows import WorkerRows

__all__ = ["Job", "Loop", "Worker", "load_models", "work"]

_STATE = "state.pkl"
_MODEL = "model-"


@dataclass(frozen=True)
class Job:
    """What every worker of a run is told.

    Attributes
    ----------
    loop : callable
        Learns and returns this worker's model; None on workers whose model is that of rank 0.
    folder : DatasetFolder
        What is learnt from.
    model : estimator
        Prepared, not fitted.
    seed : int
    class_weights : ndarray, shape (labels,), or None
        Weight of a row by its label.
    classes : tuple of int
        Labels of the whole train split.
    is_absent : ndarray of bool
        Features that no row has.
    sample, valid : SplitRows
        An even share of the train split for scales, and its newest rows that are not learnt from.
    cache_bytes : int
    exchange : actor
        An ``Exchange``.
    is_copied : bool
        True when every worker reads all rows; ``Worker.rows`` has none then.

    """

    loop: Loop
    folder: DatasetFolder
    model: Estimator
    seed: int
    class_weights: NDArray[np.float64] | None
    classes: tuple[int, ...]
    is_absent: NDArray[np.bool_]
    sample: SplitRows
    valid: SplitRows
    cache_bytes: int
    exchange: Any
    is_copied: bool = False


class Worker:
    """What a worker of a run does: it has rows, tells steps and saves checkpoints."""

    def __init__(self, job: Job) -> None:
        from ray import train
        from ray.train.collective import broadcast_from_rank_zero

        context = train.get_context()
        self.job = job
        self.rank: int = context.get_world_rank()
        self.world: int = context.get_world_size()
        self.attempt: str = broadcast_from_rank_zero(uuid.uuid4().hex if self.rank == 0 else None)

    @cached_property
    def rows(self) -> WorkerRows:
        """Part of the train split that this worker learns from."""
        from ray import train

        job = self.job
        shard = train.get_dataset_shard("train")
        return WorkerRows(job.folder, shard, job.is_absent, job.cache_bytes)

    def weigh(self, y: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights of rows by their labels; 1 where nothing is balanced."""
        weights = self.job.class_weights
        return np.ones(len(y)) if weights is None else weights[y]

    def tell(self, step: TrainingStep) -> Verdict:
        """Tell the caller of a step; all workers get the same decision."""
        import ray

        told = (step.step, step.of, step.loss, dict(step.metrics))
        answer: Verdict = ray.get(self.job.exchange.tell.remote(self.attempt, self.rank, told))
        return answer

    def obey(self, step: TrainingStep) -> None:
        """Tell as a callback of a local fit does. Raises StopTraining."""
        stop, _ = self.tell(step)
        if stop:
            raise StopTraining

    def mean(self, step: int, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Mean of the arrays of all workers."""
        import ray

        means: list[NDArray[Any]] = ray.get(
            self.job.exchange.mean.remote(self.attempt, step, self.world, arrays)
        )
        return means

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep what the run goes on from when a worker is lost; to be called by all workers."""
        self._report({_STATE: dict(state)} if self.rank == 0 else {})

    def load(self) -> dict[str, Any] | None:
        """Read what was saved last; None in a run that begins."""
        found = _read_checkpoint(_STATE)
        return next(iter(found.values()), None)

    def finish(self, model: Estimator | None) -> None:
        """Hand in the models; to be called by all workers."""
        self._report({} if model is None else {f"{_MODEL}{self.rank}.pkl": model})

    def _report(self, files: Mapping[str, Any]) -> None:
        from ray import train

        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    pickle.dump(content, file)
            checkpoint = train.Checkpoint.from_directory(folder) if files else None
            train.report({}, checkpoint=checkpoint)


Loop = Callable[[Worker], "Estimator | None"]


def work(config: Mapping[str, Any]) -> None:
    """Run the job in a worker of Ray Train."""
    import ray

    job: Job = config["job"]
    if ray.get(job.exchange.failure.remote()) is not None or _read_checkpoint(_MODEL):
        return  # started again: after an error that stays, or after the end
    worker = Worker(job)
    try:
        worker.finish(job.loop(worker))
    except RuvectorError as error:
        ray.get(job.exchange.fail.remote(error))
        raise


def load_models(checkpoint: Any) -> list[Estimator]:  # noqa: ANN401  a checkpoint of Ray Train
    """Models of a finished run, in the order of the workers."""
    return [model for _, model in sorted(_read_files(checkpoint, _MODEL).items())]


def _read_checkpoint(prefix: str) -> dict[str, Any]:
    from ray import train

    checkpoint = train.get_checkpoint()
    return {} if checkpoint is None else _read_files(checkpoint, prefix)


def _read_files(checkpoint: Any, prefix: str) -> dict[str, Any]:  # noqa: ANN401
    # Pickles of this very run, which Ray's own messages are as well.
    found = {}
    with checkpoint.as_directory() as folder:
        for name in os.listdir(folder):
            if name.startswith(prefix):
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = pickle.load(file)
    return found
