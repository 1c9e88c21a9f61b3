"""What :func:`ruvector.fit` returns: a fitted model with its scores, and its report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from .._exceptions import ConversionError, FeatureSpecError, ParityError, ProbabilitiesError
from .._report import Report, build_report
from .fitted import Fitted
from .onnx_export import OnnxModel, export_onnx

__all__ = ["FitResult"]


class FitResult(Fitted):
    __doc__ = Fitted.__doc__

    @cached_property
    def package(self) -> OnnxModel | str:
        """The exported model, made once; why there is none, where it has no ONNX form."""
        try:
            return export_onnx(self)
        except (ConversionError, FeatureSpecError, ParityError, ProbabilitiesError) as error:
            return str(error)

    def report(self, name: str = "model", *, leaderboard: str = "") -> Report:
        """Build the training report; a notebook shows it, ``.save("report.html")`` writes it.

        Its first line says whether the model is better than the best rule. The model is exported
        for it, so that the report holds the proof of parity, or says why there is none.

        Parameters
        ----------
        name : str, default "model"
            Name of the model.
        leaderboard : str, default ""
            HTML of the search that found it.

        """
        return build_report(
            self.facts(name),
            steps=[asdict(step) for step in self.steps],
            class_counts=self.class_counts,
            leaderboard=leaderboard,
        )

    def facts(self, name: str) -> dict[str, Any]:
        """All there is to say of it, named as in a manifest, JSON-safe."""
        found = self.dataset
        return {
            "name": name,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "task": self.task,
            "labels": list(self.labels),
            "features": list(self.feature_names),
            "trainer": {
                "estimator": self.estimator,
                "parameters": self.parameters,
                "sampleWeight": self.sample_weight,
                "fitSeconds": self.fit_seconds,
            },
            "dataset": {
                "id": found.id,
                "sha256": found.sha256,
                "rows": found.rows,
                "horizonMs": found.horizon_ms,
                "featureSpecSha256": found.feature_spec_sha256,
            },
            "metrics": self.assessment,
            **self._exported(),
        }

    def _exported(self) -> dict[str, Any]:
        if isinstance(self.package, str):
            return {"notExported": self.package}
        manifest = self.package.manifest
        return {
            "parity": manifest["parity"],
            "model": manifest["model"],
            "versions": manifest["trainer"]["versions"],
        }

    def __repr__(self) -> str:
        comparison = self.assessment.get("comparison") or {}
        sentence = comparison.get("sentence", "held against no rule")
        return (
            f"FitResult({self.estimator}, {self.task}, {len(self.train_rows)} rows to train on, "
            f"{self.fit_seconds:.2f} s: {sentence})"
        )

    def _repr_html_(self) -> str:
        return str(self.report()._repr_html_())
