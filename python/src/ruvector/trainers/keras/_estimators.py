"""Estimators around a Keras model, by scikit-learn's conventions."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags

from ..._exceptions import NotAModelError
from ..._training import Rows, StopTraining, check_loss, report
from ..._untyped import Estimator, OnnxProto
from .._epochs import EpochClassifier, EpochRegressor, EpochTrainer
from .._rows import column_statistics, count_steps, is_even
from ._export import add_label, export_model
from ._layers import StandardisationLayer, create_mlp

__all__ = ["KerasClassifier", "KerasRegressor"]

KerasNetwork: TypeAlias = "str | keras.Model | Callable[..., keras.Model]"

# Rows answered at once: bounds the memory of a prediction.
_ANSWER_ROWS = 8192


class _KerasTrainer(EpochTrainer):
    """What classifier and regressor share; see there for parameters.

    To override: :meth:`initialise_model`, :meth:`compile`.
    """

    def __init__(
        self,
        model: KerasNetwork = "mlp",
        *,
        from_logits: bool = False,
        hidden: int = 64,
        layers: int = 2,
        dropout: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        batch_size: int = 256,
        window: tuple[int, int] | None = None,
        max_epochs: int = 50,
        patience: int = 5,
        validation_fraction: float = 0.1,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            patience=patience,
            max_epochs=max_epochs,
            random_state=random_state,
            validation_fraction=validation_fraction,
        )
        self.model = model
        self.from_logits = from_logits
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.window = window

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self, X: Rows, y: NDArray[Any] | None = None, sample_weight: NDArray[Any] | None = None
    ) -> Estimator:
        """Learn from rows in time order; returns self. See :class:`EpochTrainer`."""
        with _own_randomness():
            return super().fit(X, y, sample_weight)

    def build(self, X: Rows, target: NDArray[Any], rng: np.random.RandomState) -> None:
        """Create the standardisation and the network, and join them."""
        _seed_all(int(rng.randint(2**31)))
        steps = count_steps(type(self).__name__, X.shape[1], self.window)
        network = self.initialise_model(X.shape[1] // steps, steps, self.count_outputs(target))
        start, front = keras.Input((X.shape[1],), name="X"), StandardisationLayer(steps)
        answers = network(front(start))
        completed = self.complete(answers)
        self.model_ = keras.Model(start, completed)
        front.learn(*column_statistics(X, steps))
        # Rows are standardised once, and the network behind that is what learns.
        if completed is not answers:
            inner = keras.Input(front.compute_output_shape((None, X.shape[1]))[1:])
            network = keras.Model(inner, self.complete(network(inner)))
        self._front, self._network = front, network
        self.compile(self._network)

    def initialise_model(self, n_features: int, steps: int, n_outputs: int) -> keras.Model:
        """Create the network.

        Parameters
        ----------
        n_features, steps, n_outputs : int
            Columns of one row, rows of a window (1 without), answers.

        """
        if isinstance(self.model, keras.Model):
            return _copy_of(self.model)
        if callable(self.model):
            return self.model(n_features, steps, n_outputs)
        if self.model != "mlp":
            raise NotAModelError(
                f'Cannot fit {type(self).__name__} with model "{self.model}": there is no such '
                'network; use "mlp", a keras.Model, or a function of (n_features, steps, '
                "n_outputs) that makes one"
            )
        return create_mlp(
            n_features,
            steps,
            n_outputs,
            hidden=self.hidden,
            layers=self.layers,
            dropout=self.dropout,
            activation=self.activation,
        )

    def compile(self, model: keras.Model) -> None:
        """Give the model its optimizer and its loss."""
        optimizer = keras.optimizers.get(self.optimizer)
        optimizer.learning_rate = self.learning_rate
        model.compile(optimizer=optimizer, loss=self.loss)

    def complete(self, answers: Any) -> Any:  # noqa: ANN401  a tensor of Keras
        """Turn what the network gives into answers."""
        return answers

    def _learn(
        self, train: tuple[Any, ...], valid: tuple[Any, ...], rng: np.random.RandomState
    ) -> None:
        # Keras' own loop, watched by a callback.
        network, watch = self._network, _Watch(self)
        X, target, weight = train
        held = None
        if len(valid[0]):
            held = (self._standardised(valid[0]), self.scaled(valid[1]), valid[2])
        # A callback that has seen enough: what was best so far is kept.
        with suppress(StopTraining):
            network.fit(
                self._standardised(X),
                self.scaled(target),
                sample_weight=None if is_even(weight) else weight,
                batch_size=self.batch_size,
                epochs=self.max_epochs,
                validation_data=held,
                callbacks=[watch],
                verbose=0,
            )
        network.set_weights(watch.best_weights)
        del self._network, self._front

    def _standardised(self, X: Rows) -> NDArray[Any]:
        rows = keras.ops.convert_to_tensor(np.ascontiguousarray(X))
        return np.asarray(keras.ops.convert_to_numpy(self._front(rows)))

    def count_outputs(self, target: NDArray[Any]) -> int:
        """Answers of the network for one row."""
        raise NotImplementedError

    def scaled(self, target: NDArray[Any]) -> NDArray[Any]:
        """Targets as the network learns them."""
        return target

    def forward(self, X: Rows) -> NDArray[Any]:
        """Answers of the model, shape (n, outputs)."""
        rows = np.ascontiguousarray(X)
        return np.asarray(self.model_.predict(rows, batch_size=_ANSWER_ROWS, verbose=0))


class KerasClassifier(_KerasTrainer, EpochClassifier):
    """A Keras model as a classifier.

    Rows are standardised and missing values filled inside of the exported graph, in float32. The
    newest tail of the rows is validated on, and the best weights are kept.

    Parameters
    ----------
    model : {"mlp"}, keras.Model or callable, default "mlp"
        The network, or a function of (n_features, steps, n_outputs) that makes it. It gets rows
        (n, d), or windows (n, steps, d), standardised, and gives probabilities (n, k), or logits
        with ``from_logits``.
    from_logits : bool, default False
        The network of your own ends without softmax.
    hidden, layers, dropout : int, int and float, default 64, 2 and 0
        Size of the network by name.
    optimizer : str, default "adam"
        Name of an optimizer of Keras.
    learning_rate : float, default 0.001
    batch_size : int, default 256
    window : tuple of (int, int), optional
        Rows of a window and features of each; :func:`ruvector.fit` takes it from the data set.
    max_epochs, patience, validation_fraction
        See :class:`ruvector.trainers.EpochTrainer`.
    random_state : int, optional
        Seed of weights, order of rows and dropout; :func:`ruvector.fit` sets it to its ``seed``.

    Attributes
    ----------
    model_ : keras.Model
        The fitted model, standardisation included.
    classes_ : ndarray
        Class of each probability column.

    """

    activation = "softmax"
    loss = "sparse_categorical_crossentropy"

    def complete(self, answers: Any) -> Any:  # noqa: ANN401  a tensor of Keras
        """Logits to probabilities, where the network gives logits."""
        return keras.layers.Softmax()(answers) if self.from_logits else answers

    def count_outputs(self, target: NDArray[Any]) -> int:
        """One probability for each class."""
        return len(self.classes_)

    def to_onnx(self, n_features: int, classes: Sequence[int]) -> OnnxProto:
        """Write the ONNX form: ``X`` to ``label`` and ``probabilities``."""
        return add_label(export_model(self.model_), classes)


class KerasRegressor(_KerasTrainer, EpochRegressor):
    """A Keras model as a regressor, for a forecast.

    Parameters are those of :class:`KerasClassifier`, of which ``from_logits`` has no meaning here;
    the network gives one value a row, (n, 1), in units of the standardised target.

    Attributes
    ----------
    model_ : keras.Model
        The fitted model, standardisation included.

    """

    activation = None
    loss = "mean_squared_error"

    def build(self, X: Rows, target: NDArray[Any], rng: np.random.RandomState) -> None:
        """Also learn the scale of the target."""
        self.target_mean_ = float(np.mean(target))
        self.target_scale_ = float(np.std(target)) or 1.0
        super().build(X, target, rng)

    def count_outputs(self, target: NDArray[Any]) -> int:
        """One value."""
        return 1

    def scaled(self, target: NDArray[Any]) -> NDArray[Any]:
        """Standardised targets."""
        return np.asarray((target - self.target_mean_) / self.target_scale_, dtype=np.float32)

    def forward(self, X: Rows) -> NDArray[Any]:
        """Values, shape (n,)."""
        scale, mean = np.float32(self.target_scale_), np.float32(self.target_mean_)
        return super().forward(X).reshape(-1) * scale + mean

    def to_onnx(self, n_features: int, classes: Sequence[int] | None) -> OnnxProto:
        """Write the ONNX form: ``X`` to ``value``."""
        scaled = keras.layers.Rescaling(self.target_scale_, self.target_mean_)
        return export_model(keras.Model(self.model_.input, scaled(self.model_.output)))


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports each epoch, keeps the best weights and ends a fit that gets no better."""

    def __init__(self, trainer: _KerasTrainer) -> None:
        super().__init__()
        self.trainer = trainer
        self.best = np.inf
        self.best_weights = trainer._network.get_weights()
        self.waited = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Nothing, but told in this thread: else Keras hands each small step to another one."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        losses = {
            {"val_loss": "valid_loss"}.get(name, name): float(value)
            for name, value in (logs or {}).items()
            if name in ("loss", "val_loss")
        }
        for value in losses.values():
            check_loss(value, epoch + 1)
        self.trainer.history_.append(losses)
        watched = losses.get("valid_loss", losses["loss"])
        self.waited += 1
        if watched < self.best:
            self.best, self.best_weights, self.waited = watched, self.model.get_weights(), 0
        if self.waited >= self.trainer.patience:
            self.model.stop_training = True
        others = {name: value for name, value in losses.items() if name != "loss"}
        report(epoch + 1, self.trainer.max_epochs, loss=losses["loss"], metrics=others)


def _copy_of(model: keras.Model) -> keras.Model:
    """Copy of a model of the user's own, with its weights."""
    if not isinstance(model, keras.Sequential) and not hasattr(model, "_functional"):
        try:
            clone = keras.models.clone_model(model)
        except (TypeError, ValueError, NotImplementedError):
            return copy.deepcopy(model)
    else:
        clone = keras.models.clone_model(model)
    if model.built:
        clone.set_weights(model.get_weights())
    return clone


def _seed_all(seed: int) -> None:
    keras.utils.set_random_seed(seed)


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Leave the random numbers of the program as they are: Keras draws from all of them."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        if keras.backend.backend() != "torch":
            yield
            return
        import torch

        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
