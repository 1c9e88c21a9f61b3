"""Export a fitted estimator: ONNX, golden rows, proof of parity and manifest in one package.

The graph is written by ``exporters``. A model that does not answer like the framework is never
returned.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._exceptions import FeatureSpecError, NotAModelError
from .._parameters import TEXT, takes
from .exporters import convert, opset_of
from .fitted import Fitted
from .golden import GoldenRows, build_golden, check_answers, encode_golden
from .held_out import HeldOutRows, encode_held_out, newest_rows
from .parity import ParityReport, check_parity
from .tasks import OUTPUTS

__all__ = ["OnnxModel", "export_onnx"]

_PACKAGES = {
    "sklearn": "scikit-learn",
    "skl2onnx": "skl2onnx",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "numpy": "numpy",
}


@dataclass(frozen=True)
class OnnxModel:
    """A model package, ready to deploy.

    Attributes
    ----------
    model : bytes
        The ONNX file: input ``X`` float32 (n, d). Outputs of a classifier: ``label`` int64 (n),
        label indices, and ``probabilities`` float32 (n, k); of a detector: ``label`` int64 (n), 1 =
        anomalous, and ``score`` float32 (n), larger = more anomalous and above 0 for label 1; of a
        forecast: ``value`` float32 (n), percent of MemTotal.
    manifest : dict
        Everything the host verifies before it uses the model.
    golden : bytes
        Golden rows as an Arrow IPC stream.
    parity : ParityReport
        How far onnxruntime is from the framework.
    held_out : bytes or None
        Rows it was not trained on as an Arrow IPC stream; without them the host cannot hold it
        against the live model, and it stays a candidate unless it is forced.

    """

    model: bytes
    manifest: dict[str, Any]
    golden: bytes
    parity: ParityReport
    held_out: bytes | None = None


@takes(name=TEXT)
def export_onnx(result: Fitted, *, name: str = "model") -> OnnxModel:
    """Convert a fitted model to ONNX and prove that it answers the same.

    Parameters
    ----------
    result : FitResult
        From :func:`ruvector.fit`.
    name : str, default "model"
        Name of the model in the registry.

    Raises
    ------
    ConversionError
        skl2onnx cannot convert the estimator.
    ParityError
        The converted model answers differently.
    ProbabilitiesError
        What the model calls probabilities are none.
    FeatureSpecError
        The data set does not say which feature specification it follows.

    """
    if not isinstance(result, Fitted):
        raise NotAModelError(
            f"Cannot export {type(result).__name__}: it is no result of ruvector.fit(); fit it, or "
            "hand a fitted estimator to ruvector.deploy(model, dataset=...)"
        )
    if result.dataset.feature_spec_sha256 is None:
        raise FeatureSpecError(
            f'Cannot export model "{name}": data set "{result.dataset.id}" carries no '
            "featureSpecSha256; get it from client.dataset(), or pass its meta on"
        )
    with threadpool_limits(limits=1):
        return _export(result, name)


def _export(result: Fitted, name: str) -> OnnxModel:
    classes = result.classes or None
    model_bytes = convert(result.model, len(result.feature_names), classes, _metadata(result))
    data = np.concatenate([result.train_rows, result.test_rows])
    golden = build_golden(result.model, classes, data)
    if classes is not None:
        check_answers(golden.answers.label, golden.answers.numbers, classes)
    parity = check_parity(model_bytes, result.model, classes, golden, data)
    golden_bytes = encode_golden(golden, result.feature_names)
    held_out, described = pack_held_out(result.held_out, result.feature_names)
    manifest = _build_manifest(result, name, model_bytes, golden, golden_bytes, parity)
    manifest.update(described)
    return OnnxModel(model_bytes, manifest, golden_bytes, parity, held_out)


def pack_held_out(rows: HeldOutRows, feature_names: Sequence[str]) -> tuple[bytes, dict[str, Any]]:
    """Encode held-out rows, with the part of a manifest that names them."""
    held_out = encode_held_out(rows, feature_names)
    count = len(newest_rows(rows, len(feature_names)))
    sha256 = hashlib.sha256(held_out).hexdigest()
    return held_out, {"heldOut": {"sha256": sha256, "rows": count}}


def _build_manifest(
    result: Fitted,
    name: str,
    model_bytes: bytes,
    golden: GoldenRows,
    golden_bytes: bytes,
    parity: ParityReport,
) -> dict[str, Any]:
    return {
        "format": 1,
        "name": name,
        "created": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "features": [{"name": feature, "dtype": "float32"} for feature in result.feature_names],
        "featureSpecSha256": result.dataset.feature_spec_sha256,
        **_window_json(result.dataset.window),
        "input": {"name": "X", "dtype": "float32", "shape": [None, len(result.feature_names)]},
        "task": result.task,
        "outputs": {name: name for name in OUTPUTS[result.task]},
        **_labels(result),
        "trainer": {
            "estimator": result.estimator,
            "parameters": result.parameters,
            "sampleWeight": result.sample_weight,
            "fitSeconds": result.fit_seconds,
            "versions": _versions(),
            **({} if result.engine is None else {"engine": dict(result.engine)}),
        },
        "dataset": {
            "id": result.dataset.id,
            "sha256": result.dataset.sha256,
            "rows": result.dataset.rows,
            **_training_times(result),
        },
        "metrics": result.assessment,
        "parity": _parity_json(parity),
        "golden": {
            "sha256": hashlib.sha256(golden_bytes).hexdigest(),
            "rows": len(golden),
        },
        "model": {
            "sha256": hashlib.sha256(model_bytes).hexdigest(),
            "sizeBytes": len(model_bytes),
            "opset": opset_of(model_bytes),
        },
    }


def _window_json(window: Mapping[str, int] | None) -> dict[str, Any]:
    if window is None:
        return {}
    return {"window": {"steps": window["steps"], "everyMs": window["every_ms"]}}


def _labels(result: Fitted) -> dict[str, Any]:
    if result.task != "classification":
        return {}
    return {"labels": list(result.labels), "classes": list(result.classes)}


def _metadata(result: Fitted) -> dict[str, str]:
    """Facts for the ONNX file itself, for whoever finds it without its manifest."""
    facts = {
        "task": result.task,
        "features": list(result.feature_names),
        "featureSpecSha256": result.dataset.feature_spec_sha256,
        "datasetSha256": result.dataset.sha256,
        **_window_json(result.dataset.window),
        **_labels(result),
    }
    return {
        f"ruvector.{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in facts.items()
    }


def _training_times(result: Fitted) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if result.dataset.horizon_ms is not None:
        found["horizonMs"] = result.dataset.horizon_ms
    if result.dataset.rate_window_ms is not None:
        found["rateWindowMs"] = result.dataset.rate_window_ms
    if result.dataset.trained_on is not None:
        found["trainedOn"] = [list(times) for times in result.dataset.trained_on]
    return found


def _parity_json(parity: ParityReport) -> dict[str, Any]:
    fields = asdict(parity)
    return {
        "rows": fields["rows"],
        "maxAbsDiff": fields["max_abs_diff"],
        "labelMismatches": fields["label_mismatches"],
        "tolerance": fields["tolerance"],
        "cases": fields["cases"],
        "batchSizes": list(parity.batch_sizes),
    }


@cache
def _versions() -> dict[str, str]:
    packages = {name: version(package) for name, package in _PACKAGES.items()}
    return {"python": platform.python_version(), **packages}
