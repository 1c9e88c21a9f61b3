"""What :func:`ruvector.fit` was asked for, by the names there, on its way to an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .._training import Callback

__all__ = ["FitRequest"]


@dataclass(frozen=True)
class FitRequest:
    """All that does not belong to the engine; see :func:`ruvector.fit`."""

    estimator: Any
    parameters: Mapping[str, Any]
    sample_weight: Literal["balanced"] | None
    callbacks: Sequence[Callback]
    seed: int
