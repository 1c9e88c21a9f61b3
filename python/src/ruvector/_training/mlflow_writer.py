"""What of a training MLflow gets, and how: parameters, metrics, tags, model, pages.

Runs in the thread of ``run_log``. MLflow is imported there, when a run begins.
https://mlflow.org/docs/latest/ml/tracking/
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnx

__all__ = ["MlflowWriter"]

_BATCH = 90  # MLflow takes at most 100 parameters in one request
_CONNECT_SECONDS = 3.0
_TAGS = ("mlflow.parentRunId", "mlflow.runName")
_TYPES = {"label": np.int64}


class MlflowWriter:
    """Writes one run to the tracking store that MLflow is set to.

    Parameters
    ----------
    name : str
        Name of the run.
    run_id : str or None
        A run to go on with.

    Attributes
    ----------
    run_id : str or None
        Of the run, once it has begun.

    """

    def __init__(self, name: str, run_id: str | None) -> None:
        self.run_id = run_id
        self._name = name
        self._parent = _active_run_id()

    def begin(self) -> None:
        """Begin the run, or go on with it; below the caller's active run when there is one."""
        # MLflow tells its makers of its use unless it is told not to; so does nobody here.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        import mlflow

        _check_reachable(mlflow.get_tracking_uri())
        run = mlflow.start_run(
            run_id=self.run_id,
            run_name=None if self.run_id else self._name,
            parent_run_id=None if self.run_id else self._parent,
        )
        self.run_id = run.info.run_id
        self._experiment_id = run.info.experiment_id
        commit = _git_commit()
        if commit:
            self.write_tags({"git.commit": commit})

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Write what a manifest says of a model."""
        import mlflow

        trainer, dataset = facts["trainer"], facts["dataset"]
        parameters = {
            "estimator": trainer["estimator"],
            "sampleWeight": trainer.get("sampleWeight"),
            **trainer["parameters"],
        }
        for batch in _batches(parameters.items()):
            mlflow.log_params({_name(key): _text(value) for key, value in batch})
        self.write_metrics({"fitSeconds": trainer["fitSeconds"], **_figures(facts["metrics"])})
        comparison = facts["metrics"].get("comparison") or {}
        self.write_tags(
            {
                "ruvector.task": facts.get("task", "classification"),
                "ruvector.verdict": comparison.get("sentence"),
                "dataset.id": dataset["id"],
                "dataset.sha256": dataset["sha256"],
                "dataset.rows": dataset["rows"],
                "featureSpec.sha256": facts.get("featureSpecSha256")
                or dataset.get("featureSpecSha256"),
            }
        )

    def write_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write figures; what is no finite number is left out."""
        import mlflow

        finite = {
            _name(key): float(value)
            for key, value in metrics.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        if finite:
            mlflow.log_metrics(finite, step=step)

    def write_tags(self, tags: Mapping[str, object]) -> None:
        """Write tags; None is left out."""
        import mlflow

        mlflow.set_tags({key: _text(value) for key, value in tags.items() if value is not None})

    def write_text(self, name: str, text: str) -> None:
        """Write a file."""
        import mlflow

        mlflow.log_text(text, name)

    def write_model(self, model: bytes, manifest: Mapping[str, Any]) -> None:
        """Write the model as MLflow's own ONNX flavour; as a file where that lacks a package."""
        import mlflow

        mlflow.log_dict(dict(manifest), "manifest.json")
        parity = manifest["parity"]
        self.write_metrics(
            {f"parity.{key}": parity[key] for key in ("rows", "maxAbsDiff", "labelMismatches")}
        )
        self.write_metrics({"model.sizeBytes": len(model)})
        try:
            import mlflow.onnx as flavour
        except ImportError:  # mlflow-skinny brings no pandas
            mlflow.log_dict(_signature(manifest), "model/signature.json")
            with _written(model) as path:
                mlflow.log_artifact(path, "model")
            return
        flavour.log_model(
            onnx.load_from_string(model),
            name="model",
            signature=_flavour_signature(manifest),
            pip_requirements=[
                f"{package}=={version(package)}" for package in ("onnx", "onnxruntime")
            ],
        )

    def write_child(
        self, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> None:
        """Write a finished run below this one."""
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        client = MlflowClient()
        child = client.create_run(
            self._experiment_id, tags=dict(zip(_TAGS, (self.run_id, name), strict=True))
        )
        client.log_batch(
            child.info.run_id,
            metrics=[Metric(_name(key), float(value), now, 0) for key, value in metrics.items()],
            params=[
                Param(_name(key), _text(value)) for key, value in islice(parameters.items(), _BATCH)
            ],
        )
        client.set_terminated(child.info.run_id)

    def end(self, status: str) -> None:
        """End the run."""
        import mlflow

        mlflow.end_run(status)


def _active_run_id() -> str | None:
    # The caller's own run. Without MLflow imported there can be none.
    mlflow = sys.modules.get("mlflow")
    run = None if mlflow is None else mlflow.active_run()
    return None if run is None else str(run.info.run_id)


def _check_reachable(uri: str) -> None:
    """Try the port first: MLflow itself would try for minutes."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        socket.create_connection((parts.hostname, port), _CONNECT_SECONDS).close()
    except OSError as error:
        raise ConnectionError(f"nobody answers at {parts.hostname}:{port} ({error})") from error


def _git_commit() -> str | None:
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Scores with their intervals, and those of the rules, under flat names."""
    found = dict(metrics)
    interval = metrics.get("interval") or (None, None)
    found["interval.low"], found["interval.high"] = interval
    for rule, held in (metrics.get("baseline") or {}).items():
        found.update({f"rule.{rule}.{key}": value for key, value in (held or {}).items()})
    for each in metrics.get("perClass") or ():
        for key in ("precision", "recall", "f1"):
            found[f"label.{each['label']}.{key}"] = each[key]
    comparison = metrics.get("comparison") or {}
    found["comparison.difference"] = comparison.get("difference")
    low, high = comparison.get("interval") or (None, None)
    found["comparison.interval.low"], found["comparison.interval.high"] = low, high
    found["calibration.ece"] = (metrics.get("calibration") or {}).get("ece")
    for each in (metrics.get("importance") or {}).get("features", ()):
        found[f"importance.{each['feature']}"] = each["drop"]
    return {key: value for key, value in found.items() if not isinstance(value, bool)}


def _signature(manifest: Mapping[str, Any]) -> dict[str, Any]:
    features = [feature["name"] for feature in manifest["features"]]
    return {"inputs": {"X": ["float32", [-1, len(features)]]}, "features": features}


def _flavour_signature(manifest: Mapping[str, Any]) -> Any:  # noqa: ANN401  mlflow ships no types here
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    names = manifest["outputs"].values()
    shapes = {"probabilities": (-1, len(manifest.get("classes") or ()))}
    return ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, len(manifest["features"])), "X")]),
        outputs=Schema(
            [
                TensorSpec(np.dtype(_TYPES.get(name, np.float32)), shapes.get(name, (-1,)), name)
                for name in names
            ]
        ),
    )


@contextlib.contextmanager
def _written(model: bytes) -> Iterator[str]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        with open(path, "wb") as file:
            file.write(model)
        yield path


def _batches(items: Iterable[tuple[str, Any]]) -> Iterator[list[tuple[str, Any]]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _name(key: str) -> str:
    # MLflow takes letters, digits, _ - . / : and blanks.
    return "".join(each if each.isalnum() or each in "_-./: " else "_" for each in key)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
