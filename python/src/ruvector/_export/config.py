"""Configurations of exports in the daemon's words, and what came of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from .._exceptions import ExportOptionsError
from .options import ExportConfig, TrainingDataConfig

__all__ = [
    "Config",
    "ExportStats",
    "TrainingDataStats",
    "override",
    "stats_from",
    "to_params",
    "training_stats_from",
]


@dataclass(frozen=True)
class ExportStats:
    """What an export wrote.

    Attributes
    ----------
    rows : int
        Of all tables.
    bytes : int
        Size of all files.
    seconds : float
        Time the daemon took.
    rows_per_second : float
    tables : mapping of str to int
        Rows by table, or by split of a training set.
    path : Path
        What was asked for.
    paths : tuple of Path
        The files that were written.
    privacy : mapping or None
        The daemon's report by table: method, k reached, rows suppressed, and what is not
        protected. None when nothing was anonymised.
    problems : tuple of str
        Damaged or removed parts of the history, which are not in the files; one sentence each.

    """

    rows: int
    bytes: int
    seconds: float
    rows_per_second: float
    tables: Mapping[str, int]
    path: Path
    paths: tuple[Path, ...]
    privacy: Mapping[str, Any] | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class TrainingDataStats(ExportStats):
    """What an export of a training set wrote, in addition to what any export says.

    Attributes
    ----------
    splits : mapping of str to int
        Rows of train, gap and test; those of the gap are written only to a single file.
    features : tuple of str
        Names in their order.
    class_weights : mapping of str to float
        By value of the column ``label``: what makes classes count alike.
    dataset_id : str
        Identity of the set.
    card_path : Path
        The dataset.json that says how every feature and label was computed.

    """

    splits: Mapping[str, int]
    features: tuple[str, ...]
    class_weights: Mapping[str, float]
    dataset_id: str
    card_path: Path


Config = TypeVar("Config", ExportConfig, TrainingDataConfig)


def override(config: Config, given: Mapping[str, Any]) -> Config:
    """Return the configuration with some fields replaced.

    Raises
    ------
    ExportOptionsError
        Naming every field that there is not.

    """
    known = [field.name for field in fields(config)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ExportOptionsError(
            f"Cannot export: {type(config).__name__} has no field {', '.join(map(repr, unknown))}; "
            f"use {', '.join(known)}"
        )
    return replace(config, **given)


def to_params(config: ExportConfig | TrainingDataConfig) -> dict[str, Any]:
    """Fields in the daemon's words; what is not given is left to it."""
    return {name: _to_json(value) for name, value in asdict(config).items() if value is not None}


def _to_json(value: Any) -> Any:  # noqa: ANN401  any field
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return list(value) if is_list else value


def stats_from(result: Mapping[str, Any], path: Path) -> ExportStats:
    """Read the daemon's statistics."""
    return ExportStats(**_shared_stats(result, path))


def training_stats_from(result: Mapping[str, Any], path: Path) -> TrainingDataStats:
    """Read the daemon's statistics of a training set."""
    return TrainingDataStats(
        **_shared_stats(result, path),
        splits=result["splits"],
        features=tuple(result["features"]),
        class_weights=result["classWeights"],
        dataset_id=result["datasetId"],
        card_path=Path(result["cardPath"]),
    )


def _shared_stats(result: Mapping[str, Any], path: Path) -> dict[str, Any]:
    tables: Mapping[str, Mapping[str, Any]] = result["tables"]
    return {
        "rows": result["rows"],
        "bytes": result["bytes"],
        "seconds": result["ms"] / 1000,
        "rows_per_second": result["rowsPerSecond"],
        "tables": {name: table["rows"] for name, table in tables.items()},
        "path": path,
        # SQLite holds all tables in one file.
        "paths": tuple(dict.fromkeys(Path(table["path"]) for table in tables.values())),
        "privacy": result.get("privacy"),
        "problems": tuple(result["problems"]),
    }
