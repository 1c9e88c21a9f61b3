"""The layer before a network, in its exported graph, and the network that comes with a name."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from .._rows import STANDARD_LIMIT

__all__ = ["StandardisationLayer", "create_mlp"]


@keras.saving.register_keras_serializable(package="ruvector")
class StandardisationLayer(keras.layers.Layer):  # type: ignore[misc]
    """Rows (n, steps * d) to standardised rows (n, d), or windows (n, steps, d).

    A missing value becomes the mean; values beyond ten standard deviations count as ten.

    Parameters
    ----------
    steps : int
        Rows of a window; 1 without.
    **options
        Of a Keras layer.

    """

    def __init__(self, steps: int = 1, **options: Any) -> None:  # noqa: ANN401  Keras' own
        super().__init__(trainable=False, **options)
        self.steps = steps

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make room for one mean and one scale a column."""
        columns = (shape[-1],)
        self.mean = self.add_weight(shape=columns, initializer="zeros", trainable=False)
        self.scale = self.add_weight(shape=columns, initializer="ones", trainable=False)

    def learn(self, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        """Take mean and 1 / deviation of each column."""
        self.set_weights([mean, scale])

    def call(self, X: Any) -> Any:  # noqa: ANN401  a tensor of the backend
        """Standardised rows or windows."""
        known = ops.where(ops.isnan(X), self.mean, X)
        Z = ops.clip((known - self.mean) * self.scale, -STANDARD_LIMIT, STANDARD_LIMIT)
        return Z if self.steps == 1 else ops.reshape(Z, (-1, self.steps, X.shape[-1] // self.steps))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the standardised rows."""
        columns = shape[-1] or 0
        return shape if self.steps == 1 else (shape[0], self.steps, columns // self.steps)

    def get_config(self) -> dict[str, Any]:
        """Give what it is created with."""
        config = super().get_config()
        config.pop("trainable", None)
        return {**config, "steps": self.steps}


def create_mlp(
    n_features: int,
    steps: int,
    n_outputs: int,
    *,
    hidden: int = 64,
    layers: int = 2,
    dropout: float = 0.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Create fully connected layers with ReLU, over all columns of a row or a window."""
    shape = (n_features,) if steps == 1 else (steps, n_features)
    model = keras.Sequential([keras.Input(shape)])
    if steps > 1:
        model.add(keras.layers.Flatten())
    for _ in range(layers):
        model.add(keras.layers.Dense(hidden, activation="relu"))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(n_outputs, activation=activation))
    return model
