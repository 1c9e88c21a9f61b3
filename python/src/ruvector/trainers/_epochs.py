"""The loop of estimators that learn epoch by epoch: early stop, progress, the best state kept.

A subclass fills in the small steps; none of them knows about callbacks or early stopping. After the
design of skorch (https://skorch.readthedocs.io) and scikit-learn's rules for estimators.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, OutlierMixin, RegressorMixin
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .._training import Rows, StopTraining, check_loss, report
from .._untyped import Estimator

__all__ = ["EpochClassifier", "EpochDetector", "EpochRegressor", "EpochTrainer"]


class EpochTrainer(BaseEstimator):  # type: ignore[misc]
    """Base of estimators that learn in epochs. Rows are float32, shape (n, d), in time order.

    To override: :meth:`build`, :meth:`train_epoch`, :meth:`evaluate`, :meth:`forward`,
    :meth:`snapshot` and :meth:`restore`, and ``to_onnx(n_features, classes)`` for deployment. Use
    :class:`EpochClassifier`, :class:`EpochRegressor` or :class:`EpochDetector`, which add the task.

    Parameters
    ----------
    max_epochs : int, default 50
        Most passes over the rows.
    patience : int, default 5
        Epochs without a lower validation loss after which the fit ends.
    validation_fraction : float, default 0.1
        Newest share of the rows that is not learnt from; 0 watches the training loss instead.
    random_state : int, RandomState or None, default 0
        Seed of everything random.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the rows it was fitted on.
    history_ : list of dict
        ``loss`` and, with validation rows, ``valid_loss`` of each epoch.
    n_iter_ : int
        Epochs that ran.

    """

    def __init__(
        self,
        *,
        max_epochs: int = 50,
        patience: int = 5,
        validation_fraction: float = 0.1,
        random_state: int | None = 0,
    ) -> None:
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(
        self, X: Rows, y: NDArray[Any] | None = None, sample_weight: NDArray[Any] | None = None
    ) -> Estimator:
        """Learn from rows; returns self.

        Parameters
        ----------
        X : ndarray, shape (n, d)
            Rows in time order.
        y : ndarray, shape (n,), optional
            Classes or values; a detector takes none.
        sample_weight : ndarray, shape (n,), optional
            Weight of each row.

        Raises
        ------
        DivergedError
            The loss became NaN or infinite.

        """
        X, target = self.check_training_rows(X, y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float32)
        rng = check_random_state(self.random_state)
        n_train = self.count_training_rows(len(X))
        self.build(X[:n_train], target[:n_train], rng)
        self.history_: list[dict[str, float]] = []
        held = slice(n_train, None)
        train = (X[:n_train], target[:n_train], weight[:n_train])
        self._learn(train, (X[held], target[held], weight[held]), rng)
        self.n_iter_ = len(self.history_)
        return self

    def _learn(
        self, train: tuple[Any, ...], valid: tuple[Any, ...], rng: np.random.RandomState
    ) -> None:
        best, best_state, waited = np.inf, self.snapshot(), 0
        try:
            for epoch in range(1, self.max_epochs + 1):
                losses = {"loss": float(self.train_epoch(train[0], train[1], train[2], rng))}
                check_loss(losses["loss"], epoch)
                if len(valid[0]):
                    losses["valid_loss"] = float(self.evaluate(*valid))
                    check_loss(losses["valid_loss"], epoch)
                self.history_.append(losses)
                watched = losses.get("valid_loss", losses["loss"])
                waited += 1
                if watched < best:
                    best, best_state, waited = watched, self.snapshot(), 0
                others = {name: value for name, value in losses.items() if name != "loss"}
                report(epoch, self.max_epochs, loss=losses["loss"], metrics=others)
                if waited >= self.patience:
                    break
        except StopTraining:
            pass  # a callback has seen enough: what was best so far is kept
        self.restore(best_state)

    def count_training_rows(self, n: int) -> int:
        """Rows of ``n`` to learn from; the rest is validated on."""
        return max(1, n - int(n * self.validation_fraction))

    def check_training_rows(self, X: Rows, y: NDArray[Any] | None) -> tuple[Rows, NDArray[Any]]:
        """Check rows and targets and encode the targets; sets what is known of them."""
        raise NotImplementedError

    def build(self, X: Rows, target: NDArray[Any], rng: np.random.RandomState) -> None:
        """Create the network and its optimizer for rows like these."""
        raise NotImplementedError

    def train_epoch(
        self, X: Rows, target: NDArray[Any], weight: NDArray[np.float32], rng: np.random.RandomState
    ) -> float:
        """Go over the rows once; returns the mean loss."""
        raise NotImplementedError

    def evaluate(self, X: Rows, target: NDArray[Any], weight: NDArray[np.float32]) -> float:
        """Mean loss of rows that are not learnt from."""
        raise NotImplementedError

    def forward(self, X: Rows) -> NDArray[Any]:
        """Answers of the network: probabilities (n, k), values (n,) or anomaly scores (n,)."""
        raise NotImplementedError

    def snapshot(self) -> object:
        """Copy of what was learnt so far."""
        raise NotImplementedError

    def restore(self, state: object) -> None:
        """Take back a copy of :meth:`snapshot`."""
        raise NotImplementedError

    def answer(self, X: Rows) -> NDArray[Any]:
        """Check that this is fitted and rows fit, then :meth:`forward`."""
        check_is_fitted(self, "history_")
        return self.forward(self.check_rows(X, reset=False))

    def check_rows(self, X: Rows, *, reset: bool) -> Rows:
        """Check rows and make them float32."""
        allowed = get_tags(self).input_tags.allow_nan
        finite = "allow-nan" if allowed else True
        return np.asarray(
            validate_data(self, X, reset=reset, dtype=np.float32, ensure_all_finite=finite)
        )


class EpochClassifier(ClassifierMixin, EpochTrainer):  # type: ignore[misc]
    """An :class:`EpochTrainer` whose :meth:`forward` gives probabilities, shape (n, k).

    ``train_epoch`` and ``evaluate`` get the targets as positions in ``classes_``.
    """

    def check_training_rows(
        self, X: Rows, y: NDArray[Any] | None
    ) -> tuple[Rows, NDArray[np.int64]]:
        """Encode the classes; sets ``classes_``."""
        X, y = validate_data(self, X, y, dtype=np.float32, **self._finite())
        check_classification_targets(y)
        self.classes_, target = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Cannot fit {type(self).__name__} on one class, {self.classes_[0]!r}: a "
                "classifier needs at least 2 classes; pass rows of another one too"
            )
        return X, target

    def _finite(self) -> dict[str, Any]:
        return {"ensure_all_finite": "allow-nan" if get_tags(self).input_tags.allow_nan else True}

    def predict_proba(self, X: Rows) -> NDArray[Any]:
        """Probability of each class, shape (n, k)."""
        return self.answer(X)

    def predict(self, X: Rows) -> NDArray[Any]:
        """Most probable class of each row, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])


class EpochRegressor(RegressorMixin, EpochTrainer):  # type: ignore[misc]
    """An :class:`EpochTrainer` whose :meth:`forward` gives one value a row, shape (n,)."""

    def check_training_rows(
        self, X: Rows, y: NDArray[Any] | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Check rows and values."""
        allowed = get_tags(self).input_tags.allow_nan
        finite = "allow-nan" if allowed else True
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True, ensure_all_finite=finite)
        return X, np.asarray(y, dtype=np.float32)

    def predict(self, X: Rows) -> NDArray[Any]:
        """Value of each row, shape (n,)."""
        return self.answer(X)


class EpochDetector(OutlierMixin, EpochTrainer):  # type: ignore[misc]
    """An :class:`EpochTrainer` whose :meth:`forward` gives a score a row, larger = more anomalous.

    Targets are the rows themselves, as an autoencoder learns them. Of the rows
    fitted on, the share ``contamination`` has a ``score_samples`` below ``offset_``: these are
    anomalous.

    Parameters
    ----------
    contamination : float, default 0.01
        Share of the rows fitted on that counts as anomalous.

    """

    def __init__(
        self,
        *,
        contamination: float = 0.01,
        max_epochs: int = 50,
        patience: int = 5,
        validation_fraction: float = 0.1,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(
            max_epochs=max_epochs,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
        )
        self.contamination = contamination

    def fit(
        self, X: Rows, y: NDArray[Any] | None = None, sample_weight: NDArray[Any] | None = None
    ) -> Estimator:
        """Learn what rows usually look like; returns self."""
        super().fit(X, None, sample_weight)
        rows = self.check_rows(X, reset=False)
        self.offset_ = float(
            np.quantile(-self.forward(rows).astype(np.float64), self.contamination)
        )
        return self

    def check_training_rows(self, X: Rows, y: NDArray[Any] | None) -> tuple[Rows, Rows]:
        """Check rows, which are their own targets."""
        rows = self.check_rows(X, reset=True)
        return rows, rows

    def decision_function(self, X: Rows) -> NDArray[Any]:
        """Score of each row above ``offset_``, shape (n,): negative for an anomalous row."""
        scores = self.score_samples(X)
        return scores - self.offset_

    def score_samples(self, X: Rows) -> NDArray[Any]:
        """Minus the score, shape (n,): the lower, the more anomalous."""
        return -np.asarray(self.answer(X), dtype=np.float64)

    def predict(self, X: Rows) -> NDArray[np.int64]:
        """-1 for an anomalous row, else 1, shape (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)
