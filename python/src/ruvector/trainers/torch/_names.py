"""Names that jobs and command lines ask for: ``"torch.GRU"``."""

from __future__ import annotations

from functools import partial

from ..._training import Entry, register
from ._estimators import TorchClassifier, TorchRegressor
from ._networks import NETWORKS

__all__ = ["register_torch"]

_LABELS = {"mlp": "MLP", "gru": "GRU", "tcn": "TCN"}


def register_torch() -> None:
    """Register each network as a classifier, and as a regressor for a forecast."""
    for network, label in _LABELS.items():
        windows = NETWORKS[network].needs_window
        classifier = partial(TorchClassifier, module=network)
        regressor = partial(TorchRegressor, module=network)
        register(Entry(f"torch.{label}", "classification", classifier, windows))
        register(Entry(f"torch.{label}Regressor", "forecast", regressor, windows))
