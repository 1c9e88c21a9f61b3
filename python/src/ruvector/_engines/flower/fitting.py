"""Fit one estimator on hosts that keep their data, and measure what came out here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..._client import open_dataset_folder
from ..._exceptions import CancelledError, EngineError, EngineOptionsError
from ..._training import FitResult, LabelledDataset, StopTraining, TrainingStep, require
from ..options import FlowerOptions
from ..request import FitRequest
from ..sampled import SampledDataset, measure_sampled, sample_dataset
from ..split_rows import SplitRows
from ..written import write_dataset
from .averaged import SharedModel, share_model
from .commands import flower_environment, flwr_run_command, write_app, write_connection
from .federation import start_federation
from .job import FederatedJob, Outcome, read_outcome, write_job

__all__ = ["fit_on_hosts"]

_POLL_SECONDS = 0.1


def fit_on_hosts(
    request: FitRequest, dataset: LabelledDataset | str | os.PathLike[str], options: FlowerOptions
) -> FitResult:
    """Fit as :func:`ruvector.fit` says for ``engine="flower"``."""
    require("flwr", extra="flower", why='train with engine "flower"')
    if options.strategy is None:
        options = replace(options, strategy=_strategy_of(request.estimator))
    _check(request, options)
    with tempfile.TemporaryDirectory(prefix="rv-flower-") as scratch:
        folder = Path(scratch)
        if options.address is None:
            uri, whole = _as_files(dataset, folder, options)
            nodes: list[Mapping[str, str | int]] = [
                {"dataset": uri, "partition-id": index, "num-partitions": options.hosts}
                for index in range(options.hosts)
            ]
        else:
            whole = _read(dataset, options)
        sampled = sample_dataset(whole)
        run = _Run(request, sampled, options, folder)
        if options.address is None:
            with start_federation(folder, nodes) as federation:
                return run.fit(federation.home)
        with _join(options, folder) as home:
            return run.fit(home)


def _strategy_of(estimator: object) -> str:
    return "fedxgbbagging" if str(estimator).startswith("xgboost.") else "fedavg"


def _check(request: FitRequest, options: FlowerOptions) -> None:
    problems = []
    if not isinstance(request.estimator, str):
        problems.append(
            "the estimator is an object, and no objects travel to hosts: name it, such as "
            '"sklearn.LogisticRegression"'
        )
    elif request.estimator.startswith("xgboost.") != (options.strategy == "fedxgbbagging"):
        problems.append(f'strategy "{options.strategy}" is not one of {request.estimator}')
    if options.noise_multiplier is not None and options.strategy not in ("fedavg", "fedprox"):
        problems.append('noise_multiplier needs strategy "fedavg" or "fedprox"')
    if options.address is not None and options.root_certificates is None:
        problems.append("address needs root_certificates, the ca.pem of the SuperLink")
    if options.strategy == "fedprox" and not str(request.estimator).startswith("torch."):
        problems.append('strategy "fedprox" is one of torch.MLP, torch.GRU and torch.TCN')
    if problems:
        raise EngineOptionsError(f"Cannot train across hosts: {'; '.join(problems)}")


def _read(dataset: Any, options: FlowerOptions) -> LabelledDataset:  # noqa: ANN401
    if isinstance(dataset, str | os.PathLike):
        return open_dataset_folder(os.fspath(dataset), endpoint_url=options.endpoint_url).read()
    found: LabelledDataset = dataset
    return found


def _as_files(
    dataset: Any,  # noqa: ANN401
    folder: Path,
    options: FlowerOptions,
) -> tuple[str, LabelledDataset]:
    """Give the data set with a path of it that processes on this machine read."""
    whole = _read(dataset, options)
    if isinstance(dataset, str | os.PathLike):
        return os.path.abspath(os.fspath(dataset)), whole
    (folder / "dataset").mkdir()
    write_dataset(whole, str(folder / "dataset"))
    return str(folder / "dataset"), whole


@contextmanager
def _join(options: FlowerOptions, folder: Path) -> Iterator[Path]:
    home = folder / "flwr"
    ca = Path(str(options.root_certificates))
    if not ca.is_file():
        raise EngineOptionsError(
            f'Cannot reach the SuperLink "{options.address}": there is no certificate "{ca}"; pass '
            "root_certificates=, the ca.pem that `ruvector-memopt federate server` wrote"
        )
    write_connection(home, str(options.address), ca)
    yield home


class _Run:
    """One run of a federation."""

    def __init__(
        self, request: FitRequest, sampled: SampledDataset, options: FlowerOptions, folder: Path
    ) -> None:
        self._request = request
        self._sampled = sampled
        self._options = options
        self._folder = folder / "job"
        self._folder.mkdir()
        self._app = write_app(folder)
        self._steps: list[TrainingStep] = []
        self._told = 0

    def fit(self, home: Path) -> FitResult:
        model = self._share()
        train = SplitRows(self._sampled.X("train"), self._sampled.y("train"))
        model.learn_scales(train)
        weights = self._weights(train)
        epochs = self._options.local_epochs or model.local_epochs(self._options.rounds)
        write_job(self._folder, self._job(weights, epochs), model.scales())
        started = time.monotonic()
        outcome = self._follow(flwr_run_command(self._app, self._folder), home)
        seconds = time.monotonic() - started
        result = measure_sampled(
            model.finish(outcome.arrays),
            self._sampled,
            sample_weight=None if weights is None else "balanced",
            fit_seconds=seconds,
            engine=outcome.facts,
        )
        return replace(result, steps=tuple(self._steps))

    def _share(self) -> SharedModel:
        data = self._sampled
        labels, features = len(data.labels), len(data.feature_names)
        request = self._request
        return share_model(
            request.estimator, request.parameters, labels, features, data.window, request.seed
        )

    def _weights(self, train: SplitRows) -> list[float] | None:
        """Weights by the labels of the rows here: hosts do not tell theirs."""
        if self._request.sample_weight is None:
            return None
        counts = np.bincount(train.y, minlength=len(self._sampled.labels))
        present = int(np.count_nonzero(counts))
        return [len(train.y) / (present * count) if count else 1.0 for count in counts.tolist()]

    def _job(self, weights: list[float] | None, local_epochs: int) -> FederatedJob:
        data, request, options = self._sampled, self._request, self._options
        return FederatedJob(
            estimator=request.estimator,
            parameters=request.parameters,
            features=list(data.feature_names),
            labels=list(data.labels),
            feature_spec_sha256=data.meta.get("featureSpecSha256"),
            window=data.window,
            weights=weights,
            seed=request.seed,
            rounds=options.rounds,
            hosts=options.hosts,
            local_epochs=local_epochs,
            round_seconds=options.round_seconds,
            strategy=str(options.strategy),
            proximal_mu=options.proximal_mu,
            trim=options.trim,
            noise_multiplier=options.noise_multiplier,
            clipping_norm=options.clipping_norm,
            delta=options.delta,
        )

    def _follow(self, line: list[str], home: Path) -> Outcome:
        log = self._folder / "run.log"
        deadline = time.monotonic() + self._options.round_seconds * (self._options.rounds + 2)
        with log.open("wb") as said:
            process = subprocess.Popen(
                line,
                env=flower_environment(home),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        began = time.monotonic()
        try:
            while process.poll() is None and read_outcome(self._folder) is None:
                self._tell(time.monotonic() - began)
                if time.monotonic() > deadline:
                    raise self._lost("it did not end in time", log)
                time.sleep(_POLL_SECONDS)
            self._tell(time.monotonic() - began)
        except StopTraining as stop:
            raise CancelledError(
                "Cannot end a federated fit early and keep its model: hosts are in the middle of a "
                "round; ask for fewer rounds"
            ) from stop
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        outcome = read_outcome(self._folder)
        if outcome is None:
            raise self._lost("the server app gave no model", log)
        # Flower exits with 0 even when no host answered.
        if outcome.facts["rounds"] == 0:
            reasons = outcome.facts["failures"] or ["no host answered"]
            raise self._lost(f"no round was completed ({reasons[-1]})", log)
        return outcome

    def _tell(self, seconds: float) -> None:
        path = self._folder / "progress.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for line in lines[self._told :]:
            self._told += 1
            told: Mapping[str, Any] = json.loads(line)
            left = seconds / told["step"] * (told["of"] - told["step"])
            metrics = {"hosts": float(told["hosts"])}
            step = TrainingStep(told["step"], told["of"], told["loss"], metrics, seconds, left)
            self._steps.append(step)
            for callback in self._request.callbacks:
                callback(step)

    def _lost(self, state: str, log: Path) -> EngineError:
        text = log.read_text("utf-8", "replace").strip()
        # Flower frames what it says last.
        plain = [re.sub(r"\x1b\[[0-9;]*m|[─-╿]", "", each).strip() for each in text.split("\n")]
        last = next((each for each in reversed(plain) if each), "nothing")
        return EngineError(
            f"Cannot train across {self._options.hosts} hosts: {state}; Flower's last line was "
            f'"{last[:300]}"; look at the logs of the SuperLink and of the SuperNodes',
            details={"log": text[-8000:]},
        )
