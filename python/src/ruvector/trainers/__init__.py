"""Trainers: what estimators of your own need to be fitted, watched, exported and deployed.

An estimator follows scikit-learn's conventions: ``__init__`` only stores its parameters, fitted
state ends in ``_``. Inside ``fit`` it may call :func:`report`; with
``to_onnx(n_features, classes)`` it writes its own ONNX form. :class:`EpochTrainer` brings the loop
for estimators that learn epoch by epoch.

>>> from ruvector.trainers import StopTraining
>>> def stop_when_good(step):
...     if step.loss is not None and step.loss < 0.1:
...         raise StopTraining
>>> ruvector.fit("sklearn.MLPClassifier", dataset, callbacks=[stop_when_good])  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .._training import StopTraining, Task, TrainingStep, report
from ._epochs import EpochClassifier, EpochDetector, EpochRegressor, EpochTrainer

if TYPE_CHECKING:
    from .keras import KerasClassifier, KerasRegressor
    from .torch import TorchClassifier, TorchRegressor

# Each framework is imported when one of its names is used.
_LAZY = {
    "KerasClassifier": "keras",
    "KerasRegressor": "keras",
    "TorchClassifier": "torch",
    "TorchRegressor": "torch",
}

__all__ = [
    "EpochClassifier",
    "EpochDetector",
    "EpochRegressor",
    "EpochTrainer",
    "KerasClassifier",
    "KerasRegressor",
    "StopTraining",
    "Task",
    "TorchClassifier",
    "TorchRegressor",
    "TrainingStep",
    "report",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f'Cannot find "{name}" in ruvector.trainers: there is no such name')
    return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
