"""Data sets for the training tests: small, seeded, with the product's own labels."""

import numpy as np

LABELS = ("NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical")


class MemoryDataset:
    """A labelled data set in memory, with what training asks of one."""

    labels = LABELS
    id = "training-test"
    sha256 = "cd" * 32

    def __init__(self, splits, feature_names=None, meta=None):
        X, y = splits["train"]
        self._splits = {"gap": (X[:0], y[:0]), **splits}
        width = splits["train"][0].shape[1]
        self.feature_names = feature_names or (
            "usage_percent",
            *(f"feature_{i}" for i in range(1, width)),
        )
        self.meta = {"featureSpecSha256": "ab" * 32} if meta is None else meta

    def X(self, split):  # noqa: N802  the field's name
        return self._splits[split][0]

    def y(self, split):
        return self._splits[split][1]


def make_dataset(classes=(0, 1, 2, 3), n=600, width=8, missing=0.0, absent=(), seed=0, **options):
    """Build rows whose label follows two features; ``absent`` columns are all missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(50, 20, (n, width)).astype(np.float32)
    score = X[:, 0] + 0.5 * X[:, 1] + rng.normal(0, 4, n)
    edges = np.quantile(score, np.linspace(0, 1, len(classes) + 1)[1:-1])
    y = np.asarray(classes, dtype=np.int64)[np.digitize(score, edges)]
    X[rng.random(X.shape) < missing] = np.nan
    X[:, list(absent)] = np.nan
    cut = n * 3 // 4
    splits = {"train": (X[:cut], y[:cut]), "test": (X[cut:], y[cut:])}
    return MemoryDataset(splits, **options)


def make_timed_dataset(n=600, horizon_ms=30_000, **options):
    """Build rows a second apart in which available memory wanders as the features tell."""
    dataset = make_dataset(n=n, **options)
    names = list(dataset.feature_names)
    names[2] = "available_percent"
    dataset.feature_names = tuple(names)
    dataset.meta = {**dataset.meta, "horizonMs": horizon_ms}
    cut = n * 3 // 4
    times = {"train": np.arange(cut), "gap": np.zeros(0), "test": np.arange(cut, n)}
    for split in ("train", "test"):
        X = dataset.X(split)
        X[:, 2] = 50 + 30 * np.sin(times[split] / 40) + X[:, 1] / 20
    dataset.timestamps = lambda split: (times[split] * 1000).astype(np.int64)
    return dataset
