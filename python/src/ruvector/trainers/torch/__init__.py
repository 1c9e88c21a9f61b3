"""PyTorch: networks over rows or windows of the history, and any ``nn.Module`` of your own.

Imported when one is asked for: ``ruvector.fit("torch.GRU", client.dataset(window=...))``, or

>>> from ruvector.trainers.torch import TorchClassifier
>>> ruvector.fit(TorchClassifier(module=my_module), dataset)  # doctest: +SKIP
"""

from __future__ import annotations

from ._estimators import TorchClassifier, TorchRegressor
from ._names import register_torch

__all__ = ["TorchClassifier", "TorchRegressor"]

register_torch()
