"""A federated run as files beside the SuperLink: what is asked for, how far it is, what came out.

The caller writes ``job.json`` and ``scales.npz``, the server app ``progress.jsonl`` and
``result.npz`` with ``result.json``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FederatedJob", "Outcome", "read_job", "read_outcome", "write_job", "write_outcome"]


@dataclass(frozen=True)
class FederatedJob:
    """What hosts are to learn.

    Attributes
    ----------
    estimator, parameters
        By name, with parameters as JSON.
    features, labels : list of str
        Columns of a row, and names of the labels.
    feature_spec_sha256 : str or None
        A host that computes features otherwise takes no part.
    window : mapping or None
        Rows of the history in each row.
    weights : list of float or None
        Weight of a row by its label.
    seed, rounds, hosts, local_epochs : int
    round_seconds : float
        After so long a round goes on without hosts that did not answer.
    strategy : str
    proximal_mu, trim : float
    noise_multiplier, clipping_norm, delta : float
        Of differential privacy; no noise without the first.

    """

    estimator: str
    parameters: Mapping[str, Any]
    features: Sequence[str]
    labels: Sequence[str]
    feature_spec_sha256: str | None
    window: Mapping[str, int] | None
    weights: Sequence[float] | None
    seed: int
    rounds: int
    hosts: int
    local_epochs: int
    round_seconds: float
    strategy: str
    proximal_mu: float
    trim: float
    noise_multiplier: float | None
    clipping_norm: float
    delta: float


@dataclass(frozen=True)
class Outcome:
    """What came out: the arrays of the last round, and facts for the manifest."""

    arrays: list[NDArray[Any]]
    facts: Mapping[str, Any]


def write_job(folder: Path, job: FederatedJob, scales: Sequence[NDArray[Any]]) -> None:
    """Write a job, and the scales that all hosts use."""
    (folder / "job.json").write_text(json.dumps(asdict(job)), "utf-8")
    _save(folder / "scales.npz", scales)


def read_job(folder: Path) -> tuple[FederatedJob, list[NDArray[Any]]]:
    """Read a job and its scales."""
    told = json.loads((folder / "job.json").read_text("utf-8"))
    return FederatedJob(**told), _load(folder / "scales.npz")


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write what came out; ``result.json`` appears last, when all of it is there."""
    _save(folder / "result.npz", outcome.arrays)
    (folder / "result.json.new").write_text(json.dumps(dict(outcome.facts)), "utf-8")
    os.replace(folder / "result.json.new", folder / "result.json")


def read_outcome(folder: Path) -> Outcome | None:
    """Read what came out; None when the server app did not come to its end."""
    if not (folder / "result.json").exists():
        return None
    facts = json.loads((folder / "result.json").read_text("utf-8"))
    return Outcome(_load(folder / "result.npz"), facts)


def _save(path: Path, arrays: Sequence[NDArray[Any]]) -> None:
    named: dict[str, Any] = {f"{index:04}": array for index, array in enumerate(arrays)}
    np.savez(path, **named)


def _load(path: Path) -> list[NDArray[Any]]:
    with np.load(path, allow_pickle=False) as held:
        return [held[name] for name in sorted(held.files)]
