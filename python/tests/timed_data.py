"""A labelled data set with times, whose labels last for a while, as those of a host do."""

import numpy as np

from training_data import MemoryDataset

STEP_MS = 1000


class TimedDataset(MemoryDataset):
    """With the milliseconds of each row; counts how often the test split is read."""

    def __init__(self, splits, times, **options):
        super().__init__(splits, **options)
        self._times = times
        self.reads_of_test = 0

    def X(self, split):  # noqa: N802  the field's name
        self.reads_of_test += split == "test"
        return super().X(split)

    def y(self, split):
        self.reads_of_test += split == "test"
        return super().y(split)

    def timestamps(self, split):
        return self._times[split]


def make_timed(n=600, width=5, noise=8.0, horizon_ms=5000, trend_window_ms=10_000, seed=0):
    """Build rows a second apart; the label follows the second feature, usage tells little of it."""
    rng = np.random.default_rng(seed)
    phase = np.sin(np.arange(n) / 15) * 30 + 50
    X = rng.normal(50, 10, (n, width)).astype(np.float32)
    X[:, 1] = phase + rng.normal(0, noise, n)
    y = (phase > 55).astype(np.int64) + (phase > 72)
    times = 1_700_000_000_000 + np.arange(n) * STEP_MS
    first_test = n * 3 // 4
    first_gap = first_test - horizon_ms // STEP_MS
    cuts = {"train": slice(0, first_gap), "gap": slice(first_gap, first_test)}
    cuts["test"] = slice(first_test, n)
    meta = {
        "featureSpecSha256": "ab" * 32,
        "horizonMs": horizon_ms,
        "featureSpec": {"trendWindowMs": trend_window_ms},
    }
    splits = {name: (X[cut], y[cut]) for name, cut in cuts.items()}
    return TimedDataset(splits, {name: times[cut] for name, cut in cuts.items()}, meta=meta)
