"""What is refused before a fit, because it would fail after it or teach nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import (
    GradientBoostingClassifier,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, NuSVC

from .._exceptions import (
    ClassesError,
    ConversionError,
    FeatureMismatchError,
    FewClassesError,
    FewRowsError,
    MissingValuesError,
    NotAModelError,
    UnknownParameterError,
)
from .._untyped import Estimator
from .estimators import estimator_path
from .found_models import THRESHOLDS
from .graphs import walk
from .labelled_dataset import LabelledDataset
from .missing_values import accepts_nan
from .targets import take_test_rows, take_train_rows
from .tasks import Task, task_of

__all__ = [
    "check_answers_rows",
    "check_arguments",
    "check_classes",
    "check_estimator",
    "check_missing",
    "check_scaled",
    "check_width",
    "few_rows",
    "take_training_rows",
]

MIN_TRAIN_ROWS = 20
_MAX_SPREAD = 5.0
_SCALERS = (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)


def check_estimator(estimator: object) -> None:
    """Refuse what would only fail after the whole fit."""
    if isinstance(estimator, type):
        raise NotAModelError(
            f"Cannot fit class {estimator.__name__}: it has no parameters yet; "
            f"pass an instance, {estimator.__name__}()"
        )
    name = type(estimator).__name__
    if not hasattr(estimator, "fit"):
        raise NotAModelError(
            f"Cannot fit {name}: it has no fit(); pass an estimator, or a name such as "
            "sklearn.RandomForestClassifier"
        )
    task_of(estimator)
    if not (hasattr(estimator, "get_params") or hasattr(estimator, "to_onnx")):
        raise NotAModelError(
            f"Cannot fit {name}: it is no scikit-learn estimator and has no to_onnx(); give it "
            "to_onnx(n_features, classes), which returns its ONNX form"
        )


def check_answers_rows(model: Estimator, *, at: str = "fit") -> None:
    """Refuse a model without the method that its task answers with."""
    method, advice = _ANSWERS[task_of(model)]
    if not _can_answer(model, method):
        raise NotAModelError(f"Cannot {at} {type(model).__name__}: it has no {method}(); {advice}")


def _can_answer(model: Estimator, method: str) -> bool:
    """Tell whether a fitted model has the method; what stacks others says so after its fit only."""
    if isinstance(model, Pipeline) and model.steps:
        return _can_answer(model.steps[-1][1], method)
    if isinstance(model, StackingClassifier | StackingRegressor) and model.final_estimator is None:
        return True
    return hasattr(model, method)


_ANSWERS: Mapping[Task, tuple[str, str]] = {
    "classification": (
        "predict_proba",
        "set probability=True or choose a classifier with predict_proba",
    ),
    "anomaly": (
        "decision_function",
        "set novelty=True or choose a detector that takes rows it was not fitted on",
    ),
    "forecast": ("predict", "choose a regressor that takes rows it was not fitted on"),
}


def take_training_rows(
    dataset: LabelledDataset, task: Task
) -> tuple[NDArray[np.float32], NDArray[Any] | None]:
    """Rows and targets of the train split, once there is something to learn and to test on."""
    X, y = take_train_rows(dataset, task)
    n_test = len(take_test_rows(dataset, task)[1])
    if len(X) < MIN_TRAIN_ROWS or n_test == 0:
        raise few_rows(task, len(X), n_test)
    if task == "classification" and y is not None and len(classes := np.unique(y)) < 2:
        raise FewClassesError(
            f'Cannot fit a classifier on data set "{dataset.id}": all {len(y)} training rows are '
            f'labelled "{dataset.labels[int(classes[0])]}"; collect over a time with memory '
            "pressure, lower the label thresholds, or fit an anomaly detector such as "
            "sklearn.IsolationForest"
        )
    return X, y


def check_arguments(parameters: object, sample_weight: object) -> None:
    """Refuse arguments that would be ignored, or fail in words of Python's own."""
    if parameters is not None and not isinstance(parameters, Mapping):
        raise UnknownParameterError(
            f"Cannot set parameters: {type(parameters).__name__} is no mapping; pass names with "
            'their values, such as {"max_depth": 3}'
        )
    if sample_weight not in ("balanced", None):
        raise UnknownParameterError(
            f'Cannot weight rows by {sample_weight!r}: it is not known; use "balanced" or None'
        )


def check_width(X: NDArray[np.float32], dataset: LabelledDataset) -> None:
    """Refuse rows with more or fewer columns than the data set names."""
    if X.ndim != 2 or X.shape[1] != len(dataset.feature_names):
        raise FeatureMismatchError(
            f'Cannot fit on data set "{dataset.id}": its rows have the shape {X.shape} and '
            f"it names {len(dataset.feature_names)} features; they have to be as many"
        )


def check_scaled(model: Estimator, X: NDArray[np.float32], classes: int) -> None:
    """Refuse support vector machines whose probabilities no arithmetic gives twice.

    With a linear or polynomial kernel on features of tens, decisions lie far out, the pairwise
    probabilities of several classes run to 0 and 1, and what couples them amplifies the last bit.
    """
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    last = steps[-1] if steps else None
    if not isinstance(last, SVC | NuSVC) or last.kernel not in ("linear", "poly") or classes < 3:
        return
    if any(isinstance(step, _SCALERS) for step in steps[:-1]):
        return
    spread = float(np.nanmax(np.nanstd(X, axis=0), initial=0))
    if spread > _MAX_SPREAD:
        raise ConversionError(
            f'Cannot convert estimator "{estimator_path(last)}" to ONNX: with kernel='
            f"{last.kernel!r} and {classes} classes its probabilities are not reproducible on "
            f"features that spread over {spread:.3g}; put StandardScaler() before it in a "
            'pipeline, or use kernel="rbf"'
        )


def check_classes(model: Estimator, classes: NDArray[Any], labels: Sequence[str]) -> None:
    """Refuse a model of two classes on rows of more."""
    alone = next((each for each in walk(model) if _takes_two_classes(each)), None)
    if alone is None or len(classes) <= 2:
        return
    named = ", ".join(labels[int(each)] for each in classes)
    raise ClassesError(
        f'Cannot fit estimator "{estimator_path(alone)}": with its parameters it tells two classes '
        f"apart and the rows have {len(classes)} ({named}); use one for several classes, or make "
        "two of the labels before"
    )


def _takes_two_classes(model: Estimator) -> bool:
    if isinstance(model, THRESHOLDS):
        return True
    if not isinstance(model, ClassifierMixin):
        return False
    constraints = getattr(model, "monotonic_cst", None)
    is_monotonic = constraints is not None and bool(np.any(np.asarray(constraints)))
    is_boosted = isinstance(model, GradientBoostingClassifier)
    return is_monotonic or (is_boosted and model.loss == "exponential")


def check_missing(
    model: Estimator, X: NDArray[np.float32], names: Sequence[str], *, at: str = "fit"
) -> None:
    """Refuse rows with missing values for an estimator that takes none."""
    missing = np.atleast_1d(np.isnan(X).any(axis=0))
    if missing.any() and not accepts_nan(model):
        columns = ", ".join(name for name, gap in zip(names, missing, strict=True) if gap)
        raise MissingValuesError(
            f'Cannot {at} estimator "{estimator_path(model)}": features {columns} have missing '
            "values and it takes none; put SimpleImputer(keep_empty_features=True) before it in a "
            "pipeline, or use a tree ensemble"
        )


def few_rows(task: Task, n_train: int, n_test: int) -> FewRowsError:
    """Build the error of a data set that is too small."""
    kind, rows = {
        "classification": ("a classifier", "train"),
        "anomaly": ("an anomaly detector", "calm train"),
        "forecast": ("a forecast", "train"),
    }[task]
    return FewRowsError(
        f"Cannot fit {kind}: the data set has {n_train} {rows} and {n_test} test rows; at "
        f"least {MIN_TRAIN_ROWS} and 1 are needed, so collect for longer or sample faster"
    )
