"""What is refused before a fit, because it would fail after it or teach nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from .._exceptions import (
    FeatureMismatchError,
    FewClassesError,
    FewRowsError,
    MissingValuesError,
    NotAModelError,
)
from .._untyped import Estimator
from .estimators import accepts_nan, estimator_path
from .labelled_dataset import LabelledDataset, window_of

__all__ = ["check_estimator", "check_missing", "few_rows", "set_window", "take_training_rows"]

MIN_TRAIN_ROWS = 20


def check_estimator(estimator: object) -> None:
    """Refuse what would only fail after the whole fit."""
    if isinstance(estimator, type):
        raise NotAModelError(
            f"Cannot fit class {estimator.__name__}: it has no parameters yet; "
            f"pass an instance, {estimator.__name__}()"
        )
    if not (hasattr(estimator, "get_params") and is_classifier(estimator)):
        raise NotAModelError(
            f"Cannot fit {type(estimator).__name__}: it is no scikit-learn classifier; "
            "pass one, or a name such as sklearn.RandomForestClassifier"
        )
    if not hasattr(estimator, "predict_proba"):
        raise NotAModelError(
            f"Cannot fit {type(estimator).__name__}: it gives no probabilities; "
            "set probability=True or choose a classifier with predict_proba"
        )


def take_training_rows(
    dataset: LabelledDataset,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Rows and labels of the train split, once there is something to learn and to test on."""
    X, y = dataset.X("train"), dataset.y("train").astype(np.int64)
    n_test = len(dataset.y("test"))
    if len(y) < MIN_TRAIN_ROWS or n_test == 0:
        raise few_rows(len(y), n_test)
    classes = np.unique(y)
    if len(classes) < 2:
        raise FewClassesError(
            f'Cannot fit a classifier on data set "{dataset.id}": all {len(y)} training rows are '
            f'labelled "{dataset.labels[int(classes[0])]}"; collect over a time with memory '
            "pressure, or lower the label thresholds"
        )
    return X, y


def set_window(model: Estimator, dataset: LabelledDataset) -> None:
    """Tell an estimator with ``window_steps`` how many rows of the history a row of the set holds.

    Raises FeatureMismatchError for an estimator that looks at windows and a data set without.
    """
    window = window_of(dataset)
    if window is None and getattr(model, "needs_window", False):
        raise FeatureMismatchError(
            f'Cannot fit estimator "{estimator_path(model)}" on data set "{dataset.id}": it looks '
            "at windows of the history and the rows hold none; pass "
            'client.dataset(window={"steps": 16, "every_ms": 1000})'
        )
    if window is None:
        return
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if "window_steps" in last.get_params(deep=False):
        last.set_params(window_steps=window["steps"])


def check_missing(model: Estimator, X: NDArray[np.float32], names: Sequence[str]) -> None:
    """Refuse rows with missing values for an estimator that takes none."""
    missing = np.atleast_1d(np.isnan(X).any(axis=0))
    if missing.any() and not accepts_nan(model):
        columns = ", ".join(name for name, gap in zip(names, missing, strict=True) if gap)
        raise MissingValuesError(
            f'Cannot fit estimator "{estimator_path(model)}": features {columns} have missing '
            "values and it takes none; put SimpleImputer(keep_empty_features=True) before it in a "
            "pipeline, or use a tree ensemble"
        )


def few_rows(n_train: int, n_test: int) -> FewRowsError:
    """Build the error of a data set that is too small."""
    return FewRowsError(
        f"Cannot fit a classifier: the data set has {n_train} train and {n_test} test rows; at "
        f"least {MIN_TRAIN_ROWS} and 1 are needed, so collect for longer or sample faster"
    )
