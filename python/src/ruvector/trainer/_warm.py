"""Import and touch everything a job needs, so that a waiting trainer starts at once."""

from __future__ import annotations

import numpy as np

__all__ = ["warm_up"]

_ROWS = 64


def warm_up() -> None:
    """Fit, export and check one tiny model: first calls load libraries and build tables."""
    from .._estimators import create_estimator
    from .._golden import build_golden
    from .._onnx import convert
    from .._parity import check_parity

    X = np.random.default_rng(0).normal(size=(_ROWS, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    model = create_estimator("sklearn.RandomForestClassifier", {"n_estimators": 2})
    model.fit(X, y)
    golden = build_golden(model, (0, 1), X, rows=8)
    check_parity(convert(model, 3, (0, 1)), model, (0, 1), golden, X)
