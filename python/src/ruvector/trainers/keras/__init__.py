"""Keras 3, on the PyTorch backend by default: a network by name, and any ``keras.Model``.

Imported when one is asked for: ``ruvector.fit("keras.MLP", client.dataset())``, or

>>> from ruvector.trainers.keras import KerasClassifier
>>> ruvector.fit(KerasClassifier(model=my_model), dataset)  # doctest: +SKIP

Another backend is chosen as Keras has it, by ``KERAS_BACKEND`` before it is imported.
"""

from __future__ import annotations

import os
import sys

from ._backend import choose_backend

if "keras" not in sys.modules:  # which reads it once
    choose_backend(os.environ)

from ._estimators import KerasClassifier, KerasRegressor
from ._names import register_keras

__all__ = ["KerasClassifier", "KerasRegressor"]

register_keras()
