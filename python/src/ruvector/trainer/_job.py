"""The job of a trainer, as it arrives in JSON. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .._exceptions import JobError

__all__ = ["TrainJob", "parse_job"]


@dataclass(frozen=True)
class TrainJob:
    """What to train, on which data, under which name.

    Attributes
    ----------
    name : str
        Name of the model in the registry.
    estimator : str
        Estimator name, see :func:`ruvector.fit`.
    parameters : mapping
        Parameters of the estimator.
    dataset : mapping
        Parameters of the training stream, or ``file``: an Arrow IPC stream of this machine.
    sample_weight : {"balanced", None}
        See :func:`ruvector.fit`.
    activate : bool or None
        True makes it live at once, False only stores it; None lets the champion gate decide.
    bridge_file : str or None
        Path of run/bridge.json; by default the one of this user's home.

    """

    name: str
    estimator: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    sample_weight: Literal["balanced"] | None = "balanced"
    activate: bool | None = None
    bridge_file: str | None = None


def parse_job(text: str | bytes) -> TrainJob:
    """Parse a job.

    Raises
    ------
    JobError
        It is not a job; the text names every field that is wrong.

    """
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise JobError(f"Cannot read job: it is not JSON ({error}); send one line") from error
    if not isinstance(raw, dict):
        raise JobError("Cannot read job: it is not a JSON object; send one on one line")
    problems = [
        f'"{key}" is not {_KINDS[kind]}'
        for key, (kind, required) in _FIELDS.items()
        if (key in raw or required) and not isinstance(raw.get(key), kind)
    ]
    if raw.get("sampleWeight", "balanced") not in ("balanced", None):
        problems.append('"sampleWeight" is neither "balanced" nor null')
    if problems:
        raise JobError(f"Cannot read job: {'; '.join(problems)}; see TrainJob")
    return TrainJob(
        name=raw["name"],
        estimator=raw["estimator"],
        parameters=raw.get("parameters", {}),
        dataset=raw.get("dataset", {}),
        sample_weight=raw.get("sampleWeight", "balanced"),
        activate=raw.get("activate"),
        bridge_file=raw.get("bridgeFile"),
    )


_FIELDS: Mapping[str, tuple[type, bool]] = {
    "name": (str, True),
    "estimator": (str, True),
    "parameters": (dict, False),
    "dataset": (dict, False),
    "activate": (bool, False),
    "bridgeFile": (str, False),
}
_KINDS: Mapping[type, str] = {str: "text", dict: "an object", bool: "true or false"}
