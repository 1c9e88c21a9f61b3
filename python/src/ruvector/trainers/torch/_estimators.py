"""Estimators around a PyTorch module, by scikit-learn's conventions, in small overridable steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import Tags
from torch import Tensor, nn
from torch.nn import functional

from ..._exceptions import NotAModelError
from ..._training import Rows
from ..._untyped import Estimator, OnnxProto
from .._epochs import EpochClassifier, EpochRegressor, EpochTrainer
from .._rows import count_steps, is_even
from ._export import export_module
from ._graph import ClassifierGraph, RegressorGraph, StandardisedRows
from ._networks import NETWORKS

__all__ = ["TorchClassifier", "TorchRegressor"]

TorchNetwork: TypeAlias = "str | nn.Module | Callable[..., nn.Module]"

# Rows answered at once: bounds the memory of a prediction.
_ANSWER_ROWS = 8192
_VALUES_PER_THREADS = 2**19


class _TorchTrainer(EpochTrainer):
    """What classifier and regressor share; see there for parameters.

    To override: :meth:`initialise_module`, :meth:`initialise_optimizer`, :meth:`loss`,
    :meth:`train_step`, :meth:`validation_step`.
    """

    def __init__(
        self,
        module: TorchNetwork = "mlp",
        *,
        hidden: int | None = None,
        layers: int | None = None,
        dropout: float = 0.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        batch_size: int = 256,
        window: tuple[int, int] | None = None,
        device: str = "auto",
        random_state: int | None = None,
        validation_fraction: float = 0.1,
        patience: int = 5,
        max_epochs: int = 50,
    ) -> None:
        super().__init__(
            random_state=random_state,
            validation_fraction=validation_fraction,
            patience=patience,
            max_epochs=max_epochs,
        )
        self.module = module
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.window = window
        self.device = device

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def needs_window(self) -> bool:
        """True for a network that is made to look at windows of the history."""
        network = NETWORKS.get(self.module) if isinstance(self.module, str) else None
        return bool(getattr(network, "needs_window", False))

    def fit(
        self, X: Rows, y: NDArray[Any] | None = None, sample_weight: NDArray[Any] | None = None
    ) -> Estimator:
        """Learn from rows in time order; returns self. See :class:`EpochTrainer`."""
        columns = (getattr(X, "shape", None) or (1,))[-1]
        with _own_randomness(), _threads_for(self.batch_size * columns):
            return super().fit(X, y, sample_weight)

    # The steps of EpochTrainer

    def build(self, X: Rows, target: NDArray[Any], rng: np.random.RandomState) -> None:
        """Create standardisation, network and optimizer."""
        torch.manual_seed(int(rng.randint(2**31)))
        steps = count_steps(type(self).__name__, X.shape[1], self.window)
        self._device = _device_of(self.device)
        self._tensors: dict[int, tuple[Any, Tensor]] = {}
        self.front_ = StandardisedRows(X, steps).to(self._device)
        n_features, n_outputs = X.shape[1] // steps, self.count_outputs(target)
        self.module_ = self.initialise_module(n_features, steps, n_outputs)
        self.module_.to(self._device)
        self._optimizer = self.initialise_optimizer(self.module_)

    def train_epoch(
        self, X: Rows, target: NDArray[Any], weight: NDArray[np.float32], rng: np.random.RandomState
    ) -> float:
        """Go over shuffled batches once; returns the mean loss."""
        Z, wanted, weights = self._inputs(X), self._tensor(target), self._weights(weight)
        self.module_.train()
        order = torch.from_numpy(rng.permutation(len(X))).to(self._device)
        losses, counts = [], []
        for rows in order.split(self.batch_size):
            weighed = None if weights is None else weights[rows]
            losses.append(self.train_step(Z[rows], wanted[rows], weighed).detach())
            counts.append(len(rows))
        return float(np.average(torch.stack(losses).cpu(), weights=counts))

    def evaluate(self, X: Rows, target: NDArray[Any], weight: NDArray[np.float32]) -> float:
        """Mean loss of rows that are not learnt from."""
        self.module_.eval()
        with torch.inference_mode():
            wanted, weights = self._tensor(target), self._weights(weight)
            return float(self.validation_step(self._inputs(X), wanted, weights))

    def snapshot(self) -> object:
        """Copy of the weights."""
        state = self.module_.state_dict().items()
        # What is no tensor is a module's extra state.
        return {
            name: value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)
            for name, value in state
        }

    def restore(self, state: object) -> None:
        """Take back the weights; what only the fit needed is let go."""
        self.module_.load_state_dict(state)
        self.module_.to("cpu").eval()
        self.front_.to("cpu")
        for name in ("_tensors", "_optimizer", "_device"):
            self.__dict__.pop(name, None)

    # Steps to override

    def initialise_module(self, n_features: int, steps: int, n_outputs: int) -> nn.Module:
        """Create the network.

        Parameters
        ----------
        n_features, steps, n_outputs : int
            Columns of one row, rows of a window (1 without), answers.

        """
        if isinstance(self.module, nn.Module):
            return copy.deepcopy(self.module)
        if not isinstance(self.module, str):
            return self.module(n_features, steps, n_outputs)
        network = NETWORKS.get(self.module)
        if network is None:
            raise NotAModelError(
                f'Cannot fit {type(self).__name__} with module "{self.module}": there is no such '
                f"network; use one of {', '.join(NETWORKS)}, an nn.Module, or a function of "
                "(n_features, steps, n_outputs) that makes one"
            )
        sizes = {"hidden": self.hidden, "layers": self.layers, "dropout": self.dropout}
        given = {name: value for name, value in sizes.items() if value is not None}
        return network(n_features, steps, n_outputs, replace(network.default_size, **given))

    def initialise_optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        """Create the optimizer of the network's weights."""
        return torch.optim.AdamW(
            module.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )

    def loss(self, answers: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Mean loss of a batch, weighted by row; without weights all rows weigh the same."""
        raise NotImplementedError

    def train_step(self, X: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Learn from one batch; returns its loss."""
        self._optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.module_(X), target, weight)
        loss.backward()
        self._optimizer.step()
        return loss

    def validation_step(self, X: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Loss of the validation rows."""
        return self.loss(self.module_(X), target, weight)

    def count_outputs(self, target: NDArray[Any]) -> int:
        """Answers of the network for one row."""
        raise NotImplementedError

    # Rows

    def _inputs(self, X: Rows) -> Tensor:
        """Standardised rows of this fit, computed once."""
        with torch.no_grad():
            return self._kept(X, lambda rows: self.front_(rows))

    def _weights(self, weight: NDArray[np.float32]) -> Tensor | None:
        """None when all rows weigh the same: it is a third of what a small step costs."""
        return None if is_even(weight) else self._tensor(weight)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return self._kept(array, lambda values: values)

    def _kept(self, array: NDArray[Any], prepare: Callable[[Tensor], Tensor]) -> Tensor:
        found = self._tensors.get(id(array))
        if found is None or found[0] is not array:
            on_device = torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
            found = self._tensors[id(array)] = (array, prepare(on_device))
        return found[1]

    def _run(self, graph: nn.Module, X: Rows) -> Iterator[Any]:
        with torch.inference_mode():
            for start in range(0, len(X), _ANSWER_ROWS):
                rows = np.ascontiguousarray(X[start : start + _ANSWER_ROWS])
                yield graph(torch.from_numpy(rows))


def _weighted_mean(each: Tensor, weight: Tensor) -> Tensor:
    return (each * weight).sum() / weight.sum().clamp_min(1e-12)


class TorchClassifier(_TorchTrainer, EpochClassifier):
    """A PyTorch network as a classifier.

    Rows are standardised and missing values filled inside of the exported graph, in float32. The
    newest tail of the rows is validated on, and the best weights are kept. Reproducible on a CPU:
    the same seed on the same rows gives the same weights.

    Parameters
    ----------
    module : {"mlp", "gru", "tcn"}, nn.Module or callable, default "mlp"
        The network, or a function of (n_features, steps, n_outputs) that makes it. It gets rows
        (n, d), or windows (n, steps, d), standardised, and gives logits (n, k).
    hidden, layers : int, optional
        Size of a network by name. By default 64 wide; 2 layers "mlp", 1 "gru"; "tcn" 32 wide and 3.
    dropout : float, default 0
        Of a network by name.
    learning_rate, weight_decay : float, default 0.001 and 0
        Of AdamW.
    batch_size : int, default 256
    window : tuple of (int, int), optional
        Rows of a window and features of each; :func:`ruvector.fit` takes it from the data set.
    device : str, default "auto"
        Where it is fitted: "cpu", "cuda", ...; by default CUDA where there is some. It answers on
        the CPU.
    max_epochs, patience, validation_fraction
        See :class:`ruvector.trainers.EpochTrainer`.
    random_state : int, optional
        Seed of weights, order of rows and dropout; :func:`ruvector.fit` sets it to its ``seed``.

    Attributes
    ----------
    module_ : nn.Module
        The fitted network.
    classes_ : ndarray
        Class of each probability column.

    """

    def loss(self, answers: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Cross-entropy, weighted by row."""
        if weight is None:
            return functional.cross_entropy(answers, target)
        return _weighted_mean(functional.cross_entropy(answers, target, reduction="none"), weight)

    def count_outputs(self, target: NDArray[Any]) -> int:
        """One logit for each class."""
        return len(self.classes_)

    def forward(self, X: Rows) -> NDArray[Any]:
        """Probabilities, shape (n, k)."""
        graph = self._graph(range(len(self.classes_)))
        parts = [probabilities.numpy() for _, probabilities in self._run(graph, X)]
        return np.concatenate(parts)

    def to_onnx(self, n_features: int, classes: Sequence[int]) -> OnnxProto:
        """Write the ONNX form: ``X`` to ``label`` and ``probabilities``."""
        return export_module(self._graph(classes), n_features, ("label", "probabilities"))

    def _graph(self, classes: Sequence[int]) -> nn.Module:
        return ClassifierGraph(self.front_, self.module_, classes).eval()


class TorchRegressor(_TorchTrainer, EpochRegressor):
    """A PyTorch network as a regressor, for a forecast.

    Parameters are those of :class:`TorchClassifier`; the network gives one value a row, (n, 1) or
    (n), in units of the standardised target.

    Attributes
    ----------
    module_ : nn.Module
        The fitted network.

    """

    def build(self, X: Rows, target: NDArray[Any], rng: np.random.RandomState) -> None:
        """Also learn the scale of the target."""
        self.target_mean_ = float(np.mean(target))
        self.target_scale_ = float(np.std(target)) or 1.0
        super().build(X, target, rng)

    def loss(self, answers: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Mean squared error of the standardised target, weighted by row."""
        each = (answers.reshape(-1) - (target - self.target_mean_) / self.target_scale_) ** 2
        return each.mean() if weight is None else _weighted_mean(each, weight)

    def count_outputs(self, target: NDArray[Any]) -> int:
        """One value."""
        return 1

    def forward(self, X: Rows) -> NDArray[Any]:
        """Values, shape (n,)."""
        return np.concatenate([values.numpy() for values in self._run(self._graph(), X)])

    def to_onnx(self, n_features: int, classes: Sequence[int] | None) -> OnnxProto:
        """Write the ONNX form: ``X`` to ``value``."""
        return export_module(self._graph(), n_features, ("value",))

    def _graph(self) -> nn.Module:
        mean, scale = self.target_mean_, self.target_scale_
        return RegressorGraph(self.front_, self.module_, mean, scale).eval()


def _device_of(wanted: str) -> torch.device:
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def _threads_for(batch_values: int) -> Iterator[None]:
    """One thread where a second costs more than it saves, most of all on a busy host."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if batch_values < _VALUES_PER_THREADS else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Leave the random numbers of the program as they are, on every device."""
    with torch.random.fork_rng():
        yield
