"""What surrounds a network in the exported graph: rows standardised, answers in our terms.

Float32 and part of the model, so that the host hands over the features as it computes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._rows import STANDARD_LIMIT, column_statistics

__all__ = ["ClassifierGraph", "RegressorGraph", "StandardisedRows"]


class StandardisedRows(nn.Module):  # type: ignore[misc]
    """Rows (n, steps * d) to standardised rows (n, d), or windows (n, steps, d).

    A missing value becomes the mean. A column that never changed in training never matters. Values
    beyond ten standard deviations count as ten.

    Parameters
    ----------
    X : ndarray of float32, shape (n, steps * d)
        Training rows.
    steps : int
        Rows of a window, which share their means and deviations; 1 without.

    """

    def __init__(self, X: NDArray[np.float32], steps: int) -> None:
        super().__init__()
        mean, scale = column_statistics(X, steps)
        self.steps = steps
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))

    def forward(self, X: Tensor) -> Tensor:
        """Standardised rows or windows."""
        known = torch.where(torch.isnan(X), self.mean, X)
        Z = ((known - self.mean) * self.scale).clamp(-STANDARD_LIMIT, STANDARD_LIMIT)
        return Z if self.steps == 1 else Z.reshape(Z.shape[0], self.steps, -1)


class ClassifierGraph(nn.Module):  # type: ignore[misc]
    """Rows to label index and probabilities.

    Parameters
    ----------
    front, module : nn.Module
        Standardisation, and the network that gives logits (n, k).
    classes : sequence of int
        Label index of each logit.

    """

    def __init__(self, front: nn.Module, module: nn.Module, classes: Sequence[int]) -> None:
        super().__init__()
        self.front = front
        self.module = module
        self.register_buffer("classes", torch.tensor(list(classes), dtype=torch.int64))

    def forward(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Label (n) and probabilities (n, k)."""
        probabilities = torch.softmax(self.module(self.front(X)), dim=1)
        return self.classes[probabilities.argmax(dim=1)], probabilities


class RegressorGraph(nn.Module):  # type: ignore[misc]
    """Rows to values.

    Parameters
    ----------
    front, module : nn.Module
        Standardisation, and the network that gives standardised values (n, 1).
    mean, scale : float
        Of the values in training.

    """

    def __init__(self, front: nn.Module, module: nn.Module, mean: float, scale: float) -> None:
        super().__init__()
        self.front = front
        self.module = module
        self.mean = mean
        self.scale = scale

    def forward(self, X: Tensor) -> Tensor:
        """Values, shape (n)."""
        return self.module(self.front(X)).reshape(-1) * self.scale + self.mean
