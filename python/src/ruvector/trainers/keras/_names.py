"""Names that jobs and command lines ask for: ``"keras.MLP"``."""

from __future__ import annotations

from ..._training import Entry, register
from ._estimators import KerasClassifier, KerasRegressor

__all__ = ["register_keras"]


def register_keras() -> None:
    """Register the network as a classifier, and as a regressor for a forecast."""
    register(Entry("keras.MLP", "classification", KerasClassifier))
    register(Entry("keras.MLPRegressor", "forecast", KerasRegressor))
