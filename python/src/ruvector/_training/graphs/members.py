"""The estimators inside an estimator, fitted ones and parameters."""

from __future__ import annotations

from collections.abc import Iterator

from sklearn.base import BaseEstimator
from sklearn.neighbors._base import KNeighborsMixin, RadiusNeighborsMixin
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from ..._untyped import Estimator

__all__ = ["holds_rows", "members_of", "walk"]

_WITH_ROWS = (KNeighborsMixin, RadiusNeighborsMixin, SVC, SVR, NuSVC, NuSVR, OneClassSVM)


def members_of(model: Estimator, *, fitted: bool = True) -> Iterator[Estimator]:
    """Estimators that a model holds directly: steps, voters, calibrators, what a search found.

    Without ``fitted`` only those that are its parameters.
    """
    seen: set[int] = set()
    for name, value in vars(model).items():
        if fitted or not (name.startswith("_") or name.endswith("_")):
            yield from _estimators_in(value, seen, depth=0)


def walk(model: Estimator, *, fitted: bool = True) -> Iterator[Estimator]:
    """Yield a model and all that it holds, however deep, each once; see :func:`members_of`."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting.extend(members_of(found, fitted=fitted))


def holds_rows(model: Estimator) -> bool:
    """Tell whether a model asks rows that it was fitted on, for each row that it answers."""
    return any(isinstance(each, _WITH_ROWS) for each in walk(model))


def _estimators_in(value: object, seen: set[int], depth: int) -> Iterator[Estimator]:
    if id(value) in seen or isinstance(value, type) or depth > 4:
        return
    seen.add(id(value))
    if isinstance(value, BaseEstimator) or _is_calibrated(value):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _estimators_in(item, seen, depth + 1)
    elif isinstance(value, list | tuple) or _is_object_array(value):
        for item in value:  # type: ignore[attr-defined]
            yield from _estimators_in(item, seen, depth + 1)


def _is_calibrated(value: object) -> bool:
    # what CalibratedClassifierCV holds of each fold is no BaseEstimator
    return type(value).__name__ == "_CalibratedClassifier"


def _is_object_array(value: object) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") == "O" and bool(
        getattr(value, "ndim", 0)
    )
