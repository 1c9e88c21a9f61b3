"""Score a forecast of available memory on the test split, beside persistence and the trend.

Persistence: it stays as it is. Trend: it changes over the next horizon as over the last one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._untyped import Estimator
from .bootstrap import mean_interval
from .held_out import HeldOutRows, sort_by_time
from .labelled_dataset import LabelledDataset, timestamps_of
from .scored import Scored, block_of
from .targets import Timeline

__all__ = ["hold_out_values", "score_forecast"]


def score_forecast(model: Estimator, dataset: LabelledDataset) -> Scored:
    """Score a fitted regressor by its mean absolute error, in percent of MemTotal."""
    held_out = hold_out_values(dataset)
    block = block_of(held_out, dataset)
    predicted = np.asarray(model.predict(held_out.X), dtype=np.float64).ravel()
    metrics = {
        **_describe(held_out.y, predicted, block),
        "baseline": {
            name: _describe(held_out.y, np.asarray(values, dtype=np.float64), block)
            for name, values in held_out.baselines.items()
        },
    }
    return Scored(metrics, held_out)


def hold_out_values(dataset: LabelledDataset) -> HeldOutRows:
    """Take the rows of the test split whose future is known, in time order."""
    timeline = Timeline(dataset)
    value, now, before = (timeline.look("test", horizons) for horizons in (1, 0, -1))
    trend = np.where(np.isfinite(before), np.clip(2 * now - before, 0, 100), now)
    known = np.isfinite(value) & np.isfinite(now)
    times = timestamps_of(dataset, "test")
    return sort_by_time(
        HeldOutRows(
            dataset.X("test")[known],
            value[known],
            None if times is None else times[known],
            {"persistence": now[known], "trend": trend[known]},
            task="forecast",
        )
    )


def _describe(
    expected: NDArray[np.float64], predicted: NDArray[np.float64], block: int
) -> dict[str, Any]:
    error = np.abs(predicted - expected)
    return {
        "mae": float(error.mean()),
        "interval": mean_interval(error, block),
        "rmse": float(np.sqrt((error**2).mean())),
    }
