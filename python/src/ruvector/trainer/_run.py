"""Run one job against a connected client: stream, fit, export, deploy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from .._client import read_dataset
from .._exceptions import JobError
from .._search import fit_or_search
from .._training import (
    DeployClient,
    Deployment,
    FitResult,
    LabelledDataset,
    OnnxModel,
    Task,
    create_estimator,
    deploy,
    export_onnx,
    log_deployment,
    log_result,
    open_run,
    task_of,
)
from ._job import TrainJob
from ._steps import Progress, StepTeller

__all__ = ["run_job"]

# Shares of the whole at the begin and the end of the fit.
_FIT_BEGIN, _FIT_END = 0.2, 0.8


class TrainClient(DeployClient, Protocol):
    """The part of a client that training uses."""

    def dataset(self, params: Mapping[str, Any] | None = None) -> LabelledDataset:
        """Stream the labelled data set."""


def run_job(job: TrainJob, client: TrainClient, progress: Progress) -> dict[str, Any]:
    """Train, prove and deploy one model.

    Parameters
    ----------
    job : TrainJob
        What to do.
    client : Client
        Connected to the daemon.
    progress : callable
        Told (stage, fraction of the whole, message) as each stage starts, and the figures of the
        steps of a fit.

    Returns
    -------
    dict
        manifest, deployment, classCounts and timings, JSON-safe. How long the fit took stands in
        the manifest alone; ``fitReturnedMonotonicNs`` is on the clock of Node's ``process.hrtime``.

    """
    marks = [time.perf_counter()]
    progress("stream", 0.0, "reading the data set")
    task = _task_of(job)
    name = job.names.get(task, job.name)
    file = job.dataset.get("file")
    dataset = read_dataset(file) if file else client.dataset(_dataset_params(job, task))
    marks.append(time.perf_counter())
    rows = len(dataset.y("train"))
    doing = f"fitting {job.estimator} on {rows} rows"
    progress("fit", _FIT_BEGIN, doing)
    with open_run(job.logger, name) as run:
        result, found = fit_or_search(
            job.estimator,
            dataset,
            parameters=job.parameters,
            sample_weight=job.sample_weight,
            seed=job.seed,
            search=job.search,
            callbacks=[StepTeller(progress, doing, _FIT_BEGIN, _FIT_END)],
            run=run,
        )
        marks.append(time.perf_counter())
        progress("export", _FIT_END, "exporting to ONNX and proving parity")
        package = export_onnx(result, name=name)
        if job.run is not None:
            package.manifest["trainer"]["run"] = job.run
        marks.append(time.perf_counter())
        doing = "storing" if job.activate is False else "verifying, and comparing with what is live"
        progress("deploy", 0.9, doing)
        deployment = deploy(package, name=name, activate=job.activate, client=client)
        marks.append(time.perf_counter())
        # Only now: the model is live before anything is logged.
        log_result(run, result, name)
        log_deployment(run, package, deployment.report, is_new=False)
    progress("done", 1.0, f"{name}@{deployment.version}")
    return {**_describe(result, package, deployment, marks), "search": found}


def _task_of(job: TrainJob) -> Task:
    """Task of the estimator; what was asked for has to be the same."""
    task = task_of(create_estimator(job.estimator, job.parameters))
    if job.task is not None and job.task != task:
        raise JobError(
            f'Cannot train for "{job.task}" with {job.estimator}: it is for {task}; leave the task '
            "out, or name an estimator of it"
        )
    return task


def _dataset_params(job: TrainJob, task: Task) -> dict[str, Any]:
    asked = {"task": task, "window": None if job.window is None else dict(job.window)}
    given = {name: value for name, value in asked.items() if value is not None}
    return {**given, **job.dataset}


def _describe(
    result: FitResult, package: OnnxModel, deployment: Deployment, marks: list[float]
) -> dict[str, Any]:
    stages = ("streamMs", "fitAndMeasureMs", "exportMs", "deployMs")
    spans = zip(stages, marks[:-1], marks[1:], strict=True)
    return {
        "manifest": package.manifest,
        "deployment": {
            "name": deployment.name,
            "version": deployment.version,
            "isLive": deployment.activated,
            "swap": deployment.report.get("swap"),
            "reason": deployment.reason,
            "gate": deployment.report.get("gate"),
        },
        "classCounts": result.class_counts,
        "timings": {
            **{stage: (end - start) * 1e3 for stage, start, end in spans},
            "fitReturnedMonotonicNs": result.fit_returned_monotonic_ns,
        },
    }
