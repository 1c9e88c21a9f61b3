"""Data sets over windows of a history, and rows for a forecast: small and seeded."""

import numpy as np

from training_data import make_dataset

STEPS = 4
NAMES = ("usage_percent", "available_percent", "psi_memory_some")
QUICK = {"learning_rate": 0.02, "batch_size": 64, "max_epochs": 12, "patience": 12}


def windowed_dataset(n=800, seed=0, missing=0.02):
    """Build windows whose label is how a feature moved over them, which no single row tells."""
    rng = np.random.default_rng(seed)
    dataset = make_dataset(classes=(0, 1), n=n, width=STEPS * len(NAMES), seed=seed)
    for split in ("train", "test"):
        X, _ = dataset._splits[split]
        first, last = X[:, 0], X[:, -len(NAMES)]
        y = (last > first).astype(np.int64)
        X[rng.random(X.shape) < missing] = np.nan
        dataset._splits[split] = (X, y)
    dataset.feature_names = [f"{name}@-{age}" for age in range(STEPS - 1, -1, -1) for name in NAMES]
    dataset.window = {"steps": STEPS, "every_ms": 1000}
    return dataset


def forecast_rows(n=300):
    X = np.random.default_rng(0).normal(50, 20, (n, 6)).astype(np.float32)
    return X, (0.5 * X[:, 0] - 0.2 * X[:, 1] + 30).astype(np.float32)
