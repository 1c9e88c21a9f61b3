"""Run one job against a connected client: stream, fit, export, deploy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .._client import read_dataset
from .._search import fit_or_search
from .._training import (
    DeployClient,
    Deployment,
    FitResult,
    LabelledDataset,
    OnnxModel,
    deploy,
    export_onnx,
    log_deployment,
    log_result,
    open_run,
)
from ._job import TrainJob

__all__ = ["run_job"]

Progress = Callable[[str, float, str], None]


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
        Told (stage, fraction of the whole, message) as each stage starts.

    Returns
    -------
    dict
        manifest, deployment, classCounts and timings, JSON-safe. How long the fit took stands in
        the manifest alone; ``fitReturnedMonotonicNs`` is on the clock of Node's ``process.hrtime``.

    """
    marks = [time.perf_counter()]
    progress("stream", 0.0, "reading the data set")
    file = job.dataset.get("file")
    dataset = client.dataset(job.dataset) if file is None else read_dataset(file)
    marks.append(time.perf_counter())
    rows = len(dataset.y("train"))
    progress("fit", 0.2, f"fitting {job.estimator} on {rows} rows")
    with open_run(job.logger, job.name) as run:
        result, found = fit_or_search(
            job.estimator,
            dataset,
            parameters=job.parameters,
            sample_weight=job.sample_weight,
            seed=job.seed,
            search=job.search,
            callbacks=(),
            run=run,
        )
        marks.append(time.perf_counter())
        progress("export", 0.8, "exporting to ONNX and proving parity")
        package = export_onnx(result, name=job.name)
        marks.append(time.perf_counter())
        doing = "storing" if job.activate is False else "verifying, and comparing with what is live"
        progress("deploy", 0.9, doing)
        deployment = deploy(package, name=job.name, activate=job.activate, client=client)
        marks.append(time.perf_counter())
        # Only now: the model is live before anything is logged.
        log_result(run, result, job.name)
        log_deployment(run, package, deployment.report, is_new=False)
    progress("done", 1.0, f"{job.name}@{deployment.version}")
    return {**_describe(result, package, deployment, marks), "search": found}


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
