"""Held-out rows: the test split with the answers of the baselines, sent along with a model.

The host holds the next model against the live one on them; see docs/protocol.md for the format.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .baseline import USAGE_FEATURE, UsageThreshold
from .tasks import Task

__all__ = [
    "MAX_HELD_OUT_ROWS",
    "HeldOutRows",
    "decode_held_out",
    "encode_held_out",
    "newest_rows",
    "time_ranges",
]

MAX_HELD_OUT_ROWS = 20_000
# The host takes files of 32 MiB; rows over a window have hundreds of columns.
_MAX_VALUES = 6_000_000
_MAX_RANGES = 64


@dataclass(frozen=True)
class HeldOutRows:
    """Rows a model was not trained on, in time order.

    Attributes
    ----------
    X : ndarray of float32, shape (n, d)
    y : ndarray, shape (n,)
        The truth. classification: label indices (int64). anomaly: 1 = anomalous (int64). forecast:
        values (float64).
    timestamps : ndarray of int64, optional
        Milliseconds of each row.
    baselines : mapping
        What each baseline answers, by its name: label indices, scores or values.
    task : Task, default "classification"

    """

    X: NDArray[np.float32]
    y: NDArray[Any]
    timestamps: NDArray[np.int64] | None
    baselines: Mapping[str, NDArray[Any]]
    task: Task = "classification"


def encode_held_out(rows: HeldOutRows, feature_names: Sequence[str]) -> bytes:
    """Write the newest rows as an Arrow IPC stream.

    Columns: ``timestamp`` (int64 ms, when known), each feature (float32), the truth and one
    ``baseline_<name>`` for each baseline. classification: ``label`` and baselines int8; anomaly:
    ``label`` int8 (1 = anomalous), baselines float32 scores; forecast: ``value`` and baselines
    float32.
    """
    kept = newest_rows(rows, len(feature_names))
    newest = slice(kept.start, kept.stop)
    columns: dict[str, pa.Array] = {}
    if rows.timestamps is not None:
        columns["timestamp"] = pa.array(rows.timestamps[newest], type=pa.int64())
    X = np.asfortranarray(rows.X[newest])
    for index, name in enumerate(feature_names):
        columns[name] = pa.array(X[:, index], type=pa.float32())
    truth, answer = _COLUMN_TYPES[rows.task]
    columns[_truth_name(rows.task)] = pa.array(rows.y[newest].astype(truth))
    for name, predicted in rows.baselines.items():
        columns[f"baseline_{name}"] = pa.array(predicted[newest].astype(answer))
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def newest_rows(rows: HeldOutRows, n_features: int) -> range:
    """Which rows are sent: the newest 20,000, fewer where they are wide."""
    most = min(MAX_HELD_OUT_ROWS, _MAX_VALUES // max(n_features, 1))
    return range(max(0, len(rows.y) - most), len(rows.y))


def decode_held_out(
    payload: bytes, feature_names: Sequence[str], task: Task = "classification"
) -> HeldOutRows:
    """Read held-out rows back from an Arrow IPC stream."""
    table = pa.ipc.open_stream(payload).read_all()
    prefix = "baseline_"
    return HeldOutRows(
        X=np.stack([table[name].to_numpy() for name in feature_names], axis=1),
        y=_widen(table[_truth_name(task)].to_numpy()),
        timestamps=table["timestamp"].to_numpy() if "timestamp" in table.column_names else None,
        baselines={
            name.removeprefix(prefix): _widen(table[name].to_numpy())
            for name in table.column_names
            if name.startswith(prefix)
        },
        task=task,
    )


_COLUMN_TYPES: Mapping[Task, tuple[type, type]] = {
    "classification": (np.int8, np.int8),
    "anomaly": (np.int8, np.float32),
    "forecast": (np.float32, np.float32),
}


def _truth_name(task: Task) -> str:
    return "value" if task == "forecast" else "label"


def _widen(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.int64 if values.dtype.kind == "i" else np.float64)


def sort_by_time(rows: HeldOutRows) -> HeldOutRows:
    """Put rows into time order: a clock that stepped back leaves them out of it."""
    times = rows.timestamps
    if times is None or bool(np.all(np.diff(times) >= 0)):
        return rows
    order = np.argsort(times, kind="stable")
    baselines = {name: predicted[order] for name, predicted in rows.baselines.items()}
    return replace(
        rows, X=rows.X[order], y=rows.y[order], timestamps=times[order], baselines=baselines
    )


def take_predictions(
    baseline: Mapping[str, Any],
    X: NDArray[np.float32],
    feature_names: Sequence[str],
    labels: Sequence[str],
) -> dict[str, NDArray[np.int64]]:
    """Answers of each baseline on the test rows, by its name.

    A baseline that cannot be computed again from its facts brings its answers as ``predicted``,
    which is taken out here: it belongs into no manifest.
    """
    found: dict[str, NDArray[np.int64]] = {}
    for name, facts in baseline.items():
        if not isinstance(facts, dict):
            continue
        predicted = facts.pop("predicted", None)
        if predicted is None:
            predicted = _predict_again(facts, X, feature_names, labels)
        if predicted is not None:
            found[name] = np.asarray(predicted, dtype=np.int64)
    return found


def _predict_again(
    facts: Mapping[str, Any],
    X: NDArray[np.float32],
    feature_names: Sequence[str],
    labels: Sequence[str],
) -> NDArray[np.int64] | None:
    index = list(labels).index
    if "threshold" in facts and USAGE_FEATURE in feature_names:
        rule = UsageThreshold(facts["threshold"], index(facts["below"]), index(facts["above"]))
        return rule.predict(X[:, list(feature_names).index(USAGE_FEATURE)])
    if "label" in facts:
        return np.full(len(X), index(facts["label"]), dtype=np.int64)
    return None


def time_ranges(train: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """Ranges of time that hold the train rows and none of the others; at most 64, else coarser.

    Parameters
    ----------
    train, other : ndarray of int64
        Milliseconds of the rows trained on, and of those held out or left in the gap.

    """
    if len(train) == 0:
        return ()
    times = np.sort(train)
    # Between two train rows lies the end of a range when any other row does.
    seen = np.searchsorted(np.sort(other), times, side="right")
    ends = np.flatnonzero(np.diff(seen) > 0)
    if len(ends) >= _MAX_RANGES:
        gaps = times[ends + 1] - times[ends]
        ends = np.sort(ends[np.argsort(gaps, kind="stable")[::-1][: _MAX_RANGES - 1]])
    firsts = times[np.concatenate([[0], ends + 1])]
    lasts = times[np.concatenate([ends, [len(times) - 1]])]
    return tuple((int(first), int(last)) for first, last in zip(firsts, lasts, strict=True))
