"""Touch everything that training needs, so that a waiting trainer starts at once."""

from __future__ import annotations

import numpy as np

from .estimators import create_estimator
from .exporters import convert
from .golden import build_golden
from .parity import check_parity

__all__ = ["warm_up"]

_ROWS = 64


def warm_up() -> None:
    """Fit, export and check one tiny model: first calls load libraries and build tables."""
    X = np.random.default_rng(0).normal(size=(_ROWS, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    model = create_estimator("sklearn.RandomForestClassifier", {"n_estimators": 2})
    model.fit(X, y)
    golden = build_golden(model, (0, 1), X, rows=8)
    check_parity(convert(model, 3, (0, 1)), model, (0, 1), golden, X)
