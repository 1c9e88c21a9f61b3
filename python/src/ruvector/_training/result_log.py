"""What of a fit, and of its deployment, goes into the log of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fit_result import FitResult
from .onnx_export import OnnxModel
from .run_log import RunLog

__all__ = ["log_deployment", "log_result"]


def log_result(run: RunLog, result: FitResult, name: str = "model") -> None:
    """Log a fit: its facts, its ONNX model or why it has none, and its report."""
    if not run.is_on:
        return
    package = result.package
    run.log_facts(result.facts(name))
    if isinstance(package, OnnxModel):
        run.log_model(package.model, package.manifest)
    else:
        run.log_tags({"ruvector.notExported": package})
    run.log_page("report.html", result.report(name).to_html())


def log_deployment(
    run: RunLog, package: OnnxModel, answer: Mapping[str, Any], *, is_new: bool
) -> None:
    """Log what the daemon did with a model; the model too, unless its fit was logged before."""
    if not run.is_on:
        return
    if is_new:
        run.log_facts(package.manifest)
        run.log_model(package.model, package.manifest)
    run.log_tags(
        {
            "ruvector.model": f"{package.manifest['name']}@{answer.get('version', '')}",
            "ruvector.isLive": answer.get("isLive", answer.get("swap") is not None),
            "ruvector.reason": answer.get("reason"),
        }
    )
