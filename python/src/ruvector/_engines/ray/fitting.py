"""Fit one estimator on the workers of a Ray cluster."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._client import DatasetFolder, open_dataset_folder
from ..._exceptions import EngineError
from ..._training import (
    FitResult,
    LabelledDataset,
    StopTraining,
    TrainingStep,
    balance,
    check_missing,
    estimator_path,
    prepare,
    take_found,
    task_of,
)
from ..._untyped import Estimator
from ..options import RayOptions
from ..request import FitRequest
from ..sampled import SampledDataset, measure_sampled
from ..split_rows import SAMPLE_ROWS, SplitRows
from ..written import write_dataset
from .cluster import Cluster, join_cluster
from .exchange import create_exchange
from .parts import join_parts
from .plan import Plan, plan_fit
from .survey import Survey, check_rows, read_newest, survey
from .worker import Job, load_models, work

__all__ = ["fit_on_ray"]

# A shuffle of more rows costs more than row groups that are spread over the workers anyway.
_SHUFFLED_ROWS = 2_000_000
_LEAVE_SECONDS = 30.0


def fit_on_ray(
    request: FitRequest,
    dataset: DatasetFolder | LabelledDataset | str | os.PathLike[str],
    options: RayOptions,
) -> FitResult:
    """Fit as :func:`ruvector.fit` says for ``engine="ray"``."""
    with as_folder(dataset, options) as folder:
        model = prepare(request.estimator, folder, request.parameters, request.seed)
        with join_cluster(options) as cluster:
            found = survey(folder)
            if task_of(model) == "classification":
                check_rows(folder, found)
            _check_missing(model, folder, found)
            size = found.train_rows * len(folder.feature_names) * np.dtype(np.float32).itemsize
            plan = plan_fit(model, options.workers, fits=size <= options.cache_bytes)
            run = _Run(request, model, plan, folder, found, options)
            return run.fit(cluster)


@contextmanager
def as_folder(
    dataset: DatasetFolder | LabelledDataset | str | os.PathLike[str], options: RayOptions
) -> Iterator[DatasetFolder]:
    """Give the files of a data set: of one that is in memory only, files of its own."""
    if isinstance(dataset, DatasetFolder):
        yield dataset
    elif isinstance(dataset, str | os.PathLike):
        yield open_dataset_folder(os.fspath(dataset), endpoint_url=options.endpoint_url)
    elif options.address is not None:
        raise EngineError(
            f'Cannot train on the cluster "{options.address}": the data set is in this process '
            "alone; publish or export it, and pass the folder or s3:// address"
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_dataset(dataset, folder)
            yield open_dataset_folder(folder)


def _check_missing(model: Estimator, folder: DatasetFolder, found: Survey) -> None:
    """Refuse missing values that the model does not take, wherever in the data they are."""
    row = np.where(found.is_missing, np.float32(np.nan), np.float32(0))[np.newaxis]
    check_missing(model, row, folder.feature_names)


class _Run:
    """One fit on a cluster."""

    def __init__(
        self,
        request: FitRequest,
        model: Estimator,
        plan: Plan,
        folder: DatasetFolder,
        found: Survey,
        options: RayOptions,
    ) -> None:
        self._request = request
        self._model = model
        self._plan = plan
        self._folder = folder
        self._found = found
        self._options = options
        self._workers = 1 if plan.is_alone else options.workers
        self._weights = self._class_weights()
        self._steps: dict[int, TrainingStep] = {}

    def fit(self, cluster: Cluster) -> FitResult:
        import ray

        parameters = self._parameters()
        exchange = create_exchange(self._options.checkpoint_seconds)
        started = time.monotonic()
        trainer = self._build_trainer(self._build_job(exchange), cluster)
        checkpoint = self._follow(trainer, exchange)
        models = load_models(checkpoint)
        seconds = time.monotonic() - started
        result = measure_sampled(
            take_found(join_parts(models, parameters)),
            SampledDataset(self._folder, self._found.splits, self._found.all_counts),
            sample_weight="balanced" if self._weights is not None else None,
            fit_seconds=seconds,
            engine={"name": "ray", "workers": self._workers, "how": self._plan.how},
        )
        ray.kill(exchange)
        return replace(result, steps=tuple(self._steps.values()))

    def _parameters(self) -> dict[str, Any]:
        model = self._model
        return model.get_params(deep=False) if hasattr(model, "get_params") else {}

    def _class_weights(self) -> NDArray[np.float64] | None:
        counts = self._found.class_counts
        probe = np.flatnonzero(counts)
        wanted = self._request.sample_weight == "balanced"
        # By a row of each class: whether this kind of model is given weights at all.
        if not wanted or (not balance(self._model, probe) and not self._plan.holds_out):
            return None
        with np.errstate(divide="ignore"):
            weights = counts.sum() / (len(probe) * counts.astype(np.float64))
        return np.where(counts > 0, weights, 0.0)

    def _build_job(self, exchange: Any) -> Job:  # noqa: ANN401
        train = self._found.splits["train"]
        sample = SplitRows(train.X.copy(), train.y)
        sample.X[:, self._found.is_absent] = 0
        return Job(
            loop=self._plan.loop,
            folder=self._folder,
            model=self._model,
            seed=self._request.seed,
            class_weights=self._weights,
            classes=tuple(np.flatnonzero(self._found.class_counts).tolist()),
            is_absent=self._found.is_absent,
            sample=sample,
            valid=self._newest_rows(),
            cache_bytes=self._options.cache_bytes,
            exchange=exchange,
            is_copied=self._plan.is_copied,
        )

    def _held_out(self) -> int:
        """Newest train rows that are not learnt from."""
        if not self._plan.holds_out or self._plan.is_copied:
            return 0
        share = int(self._found.train_rows * self._model.validation_fraction)
        return min(share, SAMPLE_ROWS)

    def _newest_rows(self) -> SplitRows:
        rows = read_newest(self._folder, self._held_out())
        rows.X[:, self._found.is_absent] = 0
        return rows

    def _build_trainer(self, job: Job, cluster: Cluster) -> Any:  # noqa: ANN401
        from ray import data, train

        options, plan = self._options, self._plan
        execution = data.ExecutionOptions(preserve_order=True)
        arguments: dict[str, Any] = {
            "train_loop_config": {"job": job},
            "scaling_config": train.ScalingConfig(num_workers=self._workers),
            "run_config": train.RunConfig(
                name=self._name(),
                storage_path=os.path.abspath(cluster.storage)
                if "://" not in cluster.storage
                else cluster.storage,
                failure_config=train.FailureConfig(max_failures=options.max_failures),
                checkpoint_config=train.CheckpointConfig(num_to_keep=1),
            ),
            "datasets": {} if plan.is_alone or plan.is_copied else {"train": self._stream()},
            "dataset_config": train.DataConfig(execution_options=execution),
        }
        return _trainer_class(plan)(work, **arguments)

    def _stream(self) -> Any:  # noqa: ANN401  a ray.data.Dataset
        from ray import data

        folder = self._folder
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        rows = data.read_parquet(
            list(folder.files["train"]),
            filesystem=folder.filesystem,
            columns=[*folder.feature_names, "label"],
        )
        held = self._held_out()
        if held:
            rows = rows.limit(self._found.train_rows - held)
        if self._plan.is_shuffled and self._found.train_rows <= _SHUFFLED_ROWS:
            rows = rows.random_shuffle(seed=self._request.seed)
        return rows

    def _name(self) -> str:
        """Name of the run: of the same fit on the same data, so that one goes on from another."""
        request = self._request
        told = {
            "estimator": estimator_path(self._model),
            "parameters": repr(sorted(self._parameters().items())),
            "dataset": self._folder.sha256,
            "workers": self._workers,
            "sample_weight": request.sample_weight,
            "seed": request.seed,
        }
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        return f"ruvector-{digest[:16]}"

    def _follow(self, trainer: Any, exchange: Any) -> Any:  # noqa: ANN401
        """Run it in a thread, and the callbacks in this one; returns the last checkpoint."""
        import ray

        done: dict[str, Any] = {}

        def run() -> None:
            try:
                done["result"] = trainer.fit()
            except BaseException as error:
                done["error"] = error

        thread = threading.Thread(target=run, name="ruvector-ray", daemon=True)
        thread.start()
        began = time.monotonic()
        try:
            while thread.is_alive():
                for key, told in ray.get(exchange.poll.remote()):
                    stop = self._hear(*told, seconds=time.monotonic() - began)
                    ray.get(exchange.decide.remote(key, stop=stop))
        except BaseException:
            # A callback ends the fit for good: the workers end at their next step.
            ray.get(exchange.abandon.remote())
            thread.join(_LEAVE_SECONDS)
            raise
        failure = ray.get(exchange.failure.remote())
        if failure is not None:
            raise failure
        if "error" in done:
            raise self._lost(done["error"]) from done["error"]
        checkpoint = done["result"].checkpoint
        if checkpoint is None:
            raise self._lost(RuntimeError("no worker handed in a model"))
        return checkpoint

    def _hear(
        self,
        step: int,
        of: int | None,
        loss: float | None,
        metrics: Mapping[str, float],
        *,
        seconds: float,
    ) -> bool:
        eta = seconds * max(of - step, 0) / step if of is not None and step > 0 else None
        heard = TrainingStep(step, of, loss, metrics, seconds, eta)
        self._steps[step] = heard
        try:
            for callback in self._request.callbacks:
                callback(heard)
        except StopTraining:
            return True
        return False

    def _lost(self, error: BaseException) -> EngineError:
        reasons = getattr(error, "worker_failures", None) or {0: error}
        first = next(iter(reasons.values()))
        state = str(first).strip().split("\n")[-1].rstrip(".") or type(first).__name__
        tries = self._options.max_failures
        return EngineError(
            f'Cannot fit estimator "{estimator_path(self._model)}" on Ray: {state}; its workers '
            f"were started again {tries} times; look at the logs of the workers, give them more "
            "memory, or raise max_failures"
        )


def _trainer_class(plan: Plan) -> Any:  # noqa: ANN401
    if plan.framework == "torch":
        from ray.train.torch import TorchTrainer

        return TorchTrainer
    if plan.framework == "xgboost":
        from ray.train.xgboost import XGBoostTrainer

        return XGBoostTrainer
    if plan.framework == "lightgbm":
        from ray.train.lightgbm import LightGBMTrainer

        return LightGBMTrainer
    from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

    return DataParallelTrainer
