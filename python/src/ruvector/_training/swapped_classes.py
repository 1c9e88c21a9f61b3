"""Classes swapped in for a fit: scalers that ONNX repeats to the bit, networks that report.

scikit-learn scales float32 rows with float64 statistics and rounds; ONNX scales in float32. With
statistics that are float32 numbers both give the same, and no row changes sides of a tree's
threshold after scaling. Nested estimators clone what they fit, so classes are swapped and not
results changed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import (
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from .._untyped import Estimator
from .graphs.members import walk
from .in_float64 import IN_FLOAT64
from .progress import StopTraining, report

__all__ = ["own_class", "register_swap", "swap_back", "swap_in"]


_FLOAT32 = np.finfo(np.float32)


def _round(scaler: Estimator, *names: str) -> Estimator:
    for name in names:
        value = getattr(scaler, name, None)
        if value is not None:
            setattr(scaler, name, np.asarray(value).astype(np.float32).astype(np.float64))
    return scaler


def _divide_by_numbers(scaler: Estimator) -> Estimator:
    """Take a column for constant whose spread is too small for float32."""
    if scaler.scale_ is not None:
        scaler.scale_ = np.where(scaler.scale_ < _FLOAT32.tiny, 1.0, scaler.scale_)
    return scaler


def _multiply_by_numbers(scaler: Estimator) -> Estimator:
    """Take a column for constant where one over its spread is too large for float32."""
    low, high = scaler.feature_range
    scaler.scale_ = np.where(scaler.data_range_ < _FLOAT32.tiny, high - low, scaler.scale_)
    scaler.min_ = low - scaler.data_min_ * scaler.scale_
    return scaler


class _ExactStandardScaler(StandardScaler):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Estimator:  # noqa: ANN401
        return _round(_divide_by_numbers(super().fit(X, y, sample_weight)), "mean_", "scale_")


class _ExactMinMaxScaler(MinMaxScaler):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Estimator:  # noqa: ANN401
        return _round(_multiply_by_numbers(super().fit(X, y)), "min_", "scale_")


class _ExactMaxAbsScaler(MaxAbsScaler):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Estimator:  # noqa: ANN401
        return _round(_divide_by_numbers(super().fit(X, y)), "scale_")


class _ExactRobustScaler(RobustScaler):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Estimator:  # noqa: ANN401
        return _round(_divide_by_numbers(super().fit(X, y)), "center_", "scale_")


def _in_float64(kind: type) -> type:
    """Make a class that is fitted in float64, so that it also answers in float64."""

    def fit(self: Estimator, X: Any, *arguments: Any, **named: Any) -> Estimator:  # noqa: ANN401
        # Sparse rows and tables of pandas stay what they are.
        wide = X.astype(np.float64) if hasattr(X, "astype") else np.asarray(X, dtype=np.float64)
        return kind.fit(self, wide, *arguments, **named)  # type: ignore[attr-defined]

    wrapped = functools.wraps(kind.fit)(fit)  # type: ignore[attr-defined]
    name = f"_{kind.__name__}InFloat64"
    swapped = type(name, (kind,), {"fit": wrapped, "__module__": __name__})
    globals()[name] = swapped  # where pickle finds it, for workers of other processes
    return swapped


class _ReportingMixin:
    """Reports each epoch of scikit-learn's networks, where they look for improvement."""

    def _update_no_improvement_count(self, *arguments: Any) -> None:  # noqa: ANN401
        super()._update_no_improvement_count(*arguments)  # type: ignore[misc]
        network: Estimator = self
        try:
            report(network.n_iter_, network.max_iter, loss=network.loss_)
        except StopTraining:
            network._stopped = True
        if getattr(network, "_stopped", False):
            network._no_improvement_count = network.n_iter_no_change + 1


class _ReportingMLPClassifier(_ReportingMixin, MLPClassifier):  # type: ignore[misc]
    pass


class _ReportingMLPRegressor(_ReportingMixin, MLPRegressor):  # type: ignore[misc]
    pass


_IN: dict[type, type] = {
    MLPClassifier: _ReportingMLPClassifier,
    MLPRegressor: _ReportingMLPRegressor,
    MaxAbsScaler: _ExactMaxAbsScaler,
    MinMaxScaler: _ExactMinMaxScaler,
    RobustScaler: _ExactRobustScaler,
    StandardScaler: _ExactStandardScaler,
}
_IN |= {kind: _in_float64(kind) for kind in IN_FLOAT64}
# Below a calibration, which amplifies the last bit of what it calibrates.
_IN_CALIBRATED: dict[type, type] = {
    kind: _in_float64(kind)
    for kind in (
        SGDClassifier,
        RidgeClassifierCV,
        RidgeClassifier,
        Perceptron,
    )
}
_BACK: dict[type, type] = {
    swapped: own for table in (_IN, _IN_CALIBRATED) for own, swapped in table.items()
}
for _swapped, _own in _BACK.items():
    _swapped.__name__ = _own.__name__  # in messages; pickle goes by the qualified name


def register_swap(own: type, swapped: type) -> None:
    """Swap a class for good: a fitted estimator keeps it."""
    _IN[own] = swapped
    swapped.__name__ = own.__name__


def own_class(kind: type) -> type:
    """Class that a swapped one stands for; any other class as it is."""
    tables = (_IN, _IN_CALIBRATED)
    pairs = (pair for table in tables for pair in table.items())
    return next((own for own, swapped in pairs if swapped is kind), kind)


def swap_in(models: Iterable[Estimator]) -> None:
    """Swap the classes of unfitted estimators."""
    models = list(models)
    for model in models:
        if isinstance(model, CalibratedClassifierCV):
            _swap(walk(model), _IN_CALIBRATED)
    _swap(models, _IN)


def swap_back(models: Iterable[Estimator]) -> None:
    """Give fitted estimators their own class back."""
    _swap(models, _BACK)
    for model in models:
        model.__dict__.pop("_stopped", None)


def _swap(models: Iterable[Estimator], classes: dict[type, type]) -> None:
    for model in models:
        other = classes.get(type(model))
        if other is not None:
            model.__class__ = other
