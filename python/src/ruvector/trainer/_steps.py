"""Steps of a fit as progress of the job: a few a second at most, the last one always."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from .._training import TrainingStep

__all__ = ["StepTeller"]

_EVERY_SECONDS = 0.1

Progress = Callable[..., None]


class StepTeller:
    """Tells a job's progress of the steps of its fit; a callback of :func:`ruvector.fit`.

    Parameters
    ----------
    progress : callable
        Told (stage, fraction, message) and the figures of the step.
    message : str
        What goes on.
    begin, end : float
        Shares of the whole at the first and after the last step.

    """

    def __init__(self, progress: Progress, message: str, begin: float, end: float) -> None:
        self._progress = progress
        self._message = message
        self._begin = begin
        self._end = end
        self._told = -math.inf

    def __call__(self, step: TrainingStep) -> None:
        """Tell of a step, unless the last one was told just now."""
        now = time.monotonic()
        is_last = step.of is not None and step.step >= step.of
        if now - self._told < _EVERY_SECONDS and not is_last:
            return
        self._told = now
        share = 0.0 if not step.of else min(1.0, step.step / step.of)
        fraction = self._begin + (self._end - self._begin) * share
        self._progress("fit", fraction, self._message, **_figures(step))


def _figures(step: TrainingStep) -> dict[str, Any]:
    given = {
        "step": step.step,
        "of": step.of,
        "loss": _finite(step.loss),
        "metrics": _finite_only(step.metrics) or None,
        "etaSeconds": _finite(step.eta_seconds),
    }
    return {name: value for name, value in given.items() if value is not None}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finite_only(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
