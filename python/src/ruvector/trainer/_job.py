"""The job of a trainer, as it arrives in JSON. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .._exceptions import JobError

__all__ = ["JobTask", "TrainJob", "parse_job"]

JobTask = Literal["classification", "anomaly", "forecast"]


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
    task : {"classification", "anomaly", "forecast"} or None
        What the model has to answer; None takes that of the estimator.
    window : mapping or None
        ``steps`` and ``every_ms``: the feature rows of the history in one row of the data set.
    seed : int
        See :func:`ruvector.fit`.
    search : mapping or None
        ``trials``, ``folds``, ``gap_ms`` and ``timeout_seconds``, each only when it was given.
    logger : {"mlflow", None}
        Where the run is logged beside the registry.
    names : mapping
        Names by task, for a model whose task ``name`` is not for.
    run : str or None
        Identity of this training: a host that cancelled it deploys nothing of it any more.
    bridge_file : str or None
        Path of run/bridge.json; by default the one of this user's home.

    """

    name: str
    estimator: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    sample_weight: Literal["balanced"] | None = "balanced"
    activate: bool | None = None
    task: JobTask | None = None
    window: Mapping[str, int] | None = None
    seed: int = 0
    search: Mapping[str, float] | None = None
    logger: Literal["mlflow"] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
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
    problems += [
        f'"{key}" is none of {", ".join(map(json.dumps, values))}'
        for key, values in _VALUES.items()
        if key in raw and raw[key] not in values
    ]
    problems += _number_problems(raw, "window", _WINDOW, required=True)
    problems += _number_problems(raw, "search", _SEARCH, required=False)
    if problems:
        raise JobError(f"Cannot read job: {'; '.join(problems)}; see TrainJob")
    return TrainJob(
        name=raw["name"],
        estimator=raw["estimator"],
        parameters=raw.get("parameters", {}),
        dataset=raw.get("dataset", {}),
        sample_weight=raw.get("sampleWeight", "balanced"),
        activate=raw.get("activate"),
        task=raw.get("task"),
        window=_renamed(raw.get("window"), _WINDOW),
        seed=raw.get("seed", 0),
        search=_renamed(raw.get("search"), _SEARCH),
        logger=raw.get("logger"),
        names=raw.get("names", {}),
        run=raw.get("run"),
        bridge_file=raw.get("bridgeFile"),
    )


def _number_problems(
    raw: Mapping[str, Any], field_name: str, names: Mapping[str, str], *, required: bool
) -> list[str]:
    given = raw.get(field_name)
    if not isinstance(given, dict):
        return []
    unknown = [f'"{field_name}.{key}" is unknown' for key in given if key not in names]
    return unknown + [
        f'"{field_name}.{key}" is not a number above 0'
        for key in names
        if (required or key in given) and not _is_count(given.get(key), key)
    ]


def _is_count(value: object, name: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # A gap may be none at all.
    return value > 0 or (name == "gapMs" and value == 0)


def _renamed(given: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    return None if given is None else {names[key]: value for key, value in given.items()}


_FIELDS: Mapping[str, tuple[type, bool]] = {
    "name": (str, True),
    "estimator": (str, True),
    "parameters": (dict, False),
    "dataset": (dict, False),
    "activate": (bool, False),
    "window": (dict, False),
    "seed": (int, False),
    "search": (dict, False),
    "names": (dict, False),
    "run": (str, False),
    "bridgeFile": (str, False),
}
_KINDS: Mapping[type, str] = {
    str: "text",
    dict: "an object",
    bool: "true or false",
    int: "a whole number",
}
_VALUES: Mapping[str, tuple[str | None, ...]] = {
    "sampleWeight": ("balanced", None),
    "task": get_args(JobTask),
    "logger": ("mlflow",),
}
_WINDOW: Mapping[str, str] = {"steps": "steps", "everyMs": "every_ms"}
_SEARCH: Mapping[str, str] = {
    "trials": "trials",
    "folds": "folds",
    "gapMs": "gap_ms",
    "timeoutSeconds": "timeout_seconds",
}
