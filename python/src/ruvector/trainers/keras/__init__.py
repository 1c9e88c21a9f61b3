"""Keras 3: a network by name, and any ``keras.Model`` of your own, on the PyTorch backend by default.

Imported when one is asked for: ``ruvector.fit("keras.MLP", client.dataset())``, or

>>> from ruvector.trainers.keras import KerasClassifier
>>> ruvector.fit(KerasClassifier(model=my_model), dataset)  # doctest: +SKIP

Another backend is chosen as Keras has it, by ``KERAS_BACKEND`` before it is imported.
"""

from __future__ import annotations

import os
import sys

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")

from ._estimators import KerasClassifier, KerasRegressor
from ._names import register_names

__all__ = ["KerasClassifier", "KerasRegressor"]

register_names()
