"""What an export holds and how: the configurations of the export document, and what came of one.

The daemon checks the values; here they are named, documented and put into its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from .._exceptions import ExportOptionsError

__all__ = [
    "Config",
    "ExportConfig",
    "ExportStats",
    "TrainingDataConfig",
    "TrainingDataStats",
    "override",
    "stats_from",
    "to_params",
    "training_stats_from",
]


@dataclass(frozen=True)
class ExportConfig:
    """Options of :meth:`DataExporter.export_range` and :meth:`DataExporter.export_recent`.

    Parameters
    ----------
    anonymize : bool, default True
        Hash process names, replace process ids and start times, reduce free text to error codes,
        coarsen times and suppress rows that stand out. False writes what was collected: the names
        of all processes of this machine with their ids, when each started, how much it used and
        when, and the text of errors, which may hold paths and user names. Command lines are never
        collected.
    include_processes : bool, default False
        Add the table ``process``.
    include_events : bool, default False
        Add the table ``optimization``.
    sample_interval_ms : int, default 0
        Keep the first sample at or after each point of a grid this wide, counted from the epoch;
        0 is every sample. Optimization events are no samples: all stay.
    compression : {"none", "gzip", "zstd", "snappy"}, optional
        By default what the path's suffix says (.gz, .zst), else zstd in Parquet and none in others.
    tables : sequence of {"memory", "process", "optimization"}, optional
        Exactly these tables, whatever the ``include_`` fields say.
    columns : "all", "document" or sequence of str, default "all"
        ``"document"`` keeps the columns of the export document; of names, a table takes those
        that it has.
    time_precision_ms : int, optional
        Times are rounded down to this when anonymised. The daemon's default is an hour.
    k : int, default 5
        Rows that must look alike in all that could single one out, when anonymised.
    resume : bool, default False
        Go on where an interrupted run of the same export stopped.

    """

    anonymize: bool = True
    include_processes: bool = False
    include_events: bool = False
    sample_interval_ms: int = 0
    compression: str | None = None
    tables: Sequence[str] | None = None
    columns: str | Sequence[str] = "all"
    time_precision_ms: int | None = None
    k: int = 5
    resume: bool = False


@dataclass(frozen=True)
class TrainingDataConfig:
    """Options of :meth:`DataExporter.export_training_data`.

    Parameters
    ----------
    include_features : sequence of str, optional
        Features by name, in this order. By default all of the loop.
    label_type : {"class", "index", "binary"}, default "class"
        What the column ``label`` holds: the name of the class, its index, or 0 for NoActionNeeded
        and 1 for everything more severe. The index stands in ``label_index`` otherwise.
    train_test_split : float, default 0.8
        Share of rows, the oldest, to train on; the newest are to test on, with a gap between.
    balance_classes : bool, default False
        Cut every class to the size of its smallest, in the rows to train on only. Otherwise the
        class weights balance.
    horizon_ms : int, optional
        How far a label looks ahead. The daemon's default is a minute.
    blocks : int, optional
        Blocks of time that are each split by themselves: for short histories with repeating phases.
    include_acted : bool, default False
        Keep rows that an action of the optimizer reaches.
    anonymize : bool, default True
        Round times down. Features and labels are numbers of the whole machine: nothing else in
        them names anyone. False writes when each row was sampled, to the millisecond.
    time_precision_ms : int, optional
        What times are rounded down to when anonymised. The daemon's default is an hour.
    compression : {"none", "gzip", "zstd", "snappy"}, optional
        As in :class:`ExportConfig`.

    """

    include_features: Sequence[str] | None = None
    label_type: str = "class"
    train_test_split: float = 0.8
    balance_classes: bool = False
    horizon_ms: int | None = None
    blocks: int | None = None
    include_acted: bool = False
    anonymize: bool = True
    time_precision_ms: int | None = None
    compression: str | None = None


@dataclass(frozen=True)
class ExportStats:
    """What an export wrote.

    Attributes
    ----------
    rows : int
        Of all tables, those of an interrupted run that was resumed included.
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
