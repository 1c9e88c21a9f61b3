"""The networks that come with a name.

Their inputs are standardised rows (n, d), or windows (n, steps, d).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

__all__ = ["GRU", "MLP", "NETWORKS", "TCN", "NetworkSize"]


@dataclass(frozen=True)
class NetworkSize:
    """Size of a network.

    Attributes
    ----------
    hidden, layers : int
        Width and number of hidden layers.
    dropout : float
        Share of each hidden layer left out in training.

    """

    hidden: int
    layers: int
    dropout: float = 0.0


def _dropout(share: float) -> nn.Module:
    # A layer that drops nothing copies its rows all the same.
    return nn.Dropout(share) if share > 0 else nn.Identity()


class MLP(nn.Module):  # type: ignore[misc]
    """Fully connected layers with ReLU, over all columns of a row or a window.

    Parameters
    ----------
    n_features, steps, n_outputs : int
        Columns of one row, rows of a window (1 without), answers.
    size : NetworkSize
        Width and number of its layers.

    """

    default_size: ClassVar[NetworkSize] = NetworkSize(64, 2)
    needs_window: ClassVar[bool] = False

    def __init__(self, n_features: int, steps: int, n_outputs: int, size: NetworkSize) -> None:
        super().__init__()
        widths = [n_features * steps, *[size.hidden] * size.layers]
        # No layer without an effect: of a small step each call of one is a hundredth.
        blocks: list[nn.Module] = [nn.Flatten()] if steps > 1 else []
        for before, after in pairwise(widths):
            blocks += [nn.Linear(before, after), nn.ReLU()]
            blocks += [nn.Dropout(size.dropout)] if size.dropout > 0 else []
        self.body = nn.Sequential(*blocks, nn.Linear(widths[-1], n_outputs))

    def forward(self, X: Tensor) -> Tensor:
        """Answers, shape (n, n_outputs)."""
        return self.body(X)


class GRU(nn.Module):  # type: ignore[misc]
    """Gated recurrent units over a window; what they hold after its newest row is answered from.

    Parameters as of :class:`MLP`.
    """

    default_size: ClassVar[NetworkSize] = NetworkSize(64, 1)
    needs_window: ClassVar[bool] = True

    def __init__(self, n_features: int, steps: int, n_outputs: int, size: NetworkSize) -> None:
        super().__init__()
        hidden, between = size.hidden, size.dropout if size.layers > 1 else 0.0
        self.cells = nn.GRU(n_features, hidden, size.layers, batch_first=True, dropout=between)
        self.head = nn.Sequential(_dropout(size.dropout), nn.Linear(hidden, n_outputs))
        self.steps = steps

    def forward(self, X: Tensor) -> Tensor:
        """Answers, shape (n, n_outputs)."""
        X = X.reshape(X.shape[0], self.steps, -1)
        # Given explicitly: traced without it, the graph would keep the batch size of the example.
        start = X.new_zeros(self.cells.num_layers, X.shape[0], self.cells.hidden_size)
        held, _ = self.cells(X, start)
        return self.head(held[:, -1])


class TCN(nn.Module):  # type: ignore[misc]
    """Causal convolutions over a window, each layer reaching twice as far back.

    Bai et al., "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for
    Sequence Modeling", 2018 (arXiv 1803.01271). Parameters as of :class:`MLP`.
    """

    default_size: ClassVar[NetworkSize] = NetworkSize(32, 3)
    needs_window: ClassVar[bool] = True

    def __init__(self, n_features: int, steps: int, n_outputs: int, size: NetworkSize) -> None:
        super().__init__()
        self.steps = steps
        hidden = size.hidden
        self.first = nn.Conv1d(n_features, hidden, 1)
        self.blocks = nn.ModuleList(
            _CausalBlock(hidden, 2**layer, size.dropout) for layer in range(size.layers)
        )
        self.head = nn.Linear(hidden, n_outputs)

    def forward(self, X: Tensor) -> Tensor:
        """Answers, shape (n, n_outputs)."""
        held = self.first(X.reshape(X.shape[0], self.steps, -1).transpose(1, 2))
        for block in self.blocks:
            held = block(held)
        return self.head(held[:, :, -1])


class _CausalBlock(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.convolution = nn.Conv1d(width, width, 3, dilation=dilation)
        self.dropout = _dropout(dropout)

    def forward(self, X: Tensor) -> Tensor:
        return X + self.dropout(torch.relu(self.convolution(self.pad(X))))


#: By the value of the parameter ``module``.
NETWORKS: dict[str, Any] = {"mlp": MLP, "gru": GRU, "tcn": TCN}
