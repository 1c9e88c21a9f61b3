"""Fit an estimator on a labelled data set and measure it beside its baselines.

Not the export: see ``_onnx``. Not a search for parameters: pass the wanted ones.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ._baseline import score_baselines
from ._bootstrap import block_length, macro_f1_interval
from ._estimators import accepts_nan, create_estimator, describe_parameters, estimator_path
from ._held_out import HeldOutRows, sort_by_time, take_predictions, time_ranges
from ._report import confusion_matrix, describe_scores
from ._training_errors import (
    ClassesError,
    FewClassesError,
    FewRowsError,
    MissingValuesError,
    NotAModelError,
)
from ._untyped import Estimator

__all__ = ["DatasetIdentity", "FitResult", "LabelledDataset", "fit", "measure"]

MIN_TRAIN_ROWS = 20
_SCALER_STATISTICS: Mapping[type, tuple[str, ...]] = {
    StandardScaler: ("mean_", "scale_"),
    MinMaxScaler: ("min_", "scale_"),
}
# Below this many rows a second thread costs more than it saves, most of all on a busy host.
_ROWS_PER_THREADS = 50_000


class LabelledDataset(Protocol):
    """What training needs of a data set; ``Client.dataset()`` returns one."""

    @property
    def feature_names(self) -> Sequence[str]:
        """Names of the columns of X, in order."""

    @property
    def labels(self) -> Sequence[str]:
        """Label names; y holds indices into them."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """Facts about the data set, with ``featureSpecSha256``."""

    @property
    def id(self) -> str:
        """Identity of the data set."""

    @property
    def sha256(self) -> str:
        """Digest of its content."""

    def X(self, split: str) -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a split, shape (n, d); NaN where the host lacks the value."""

    def y(self, split: str) -> NDArray[np.integer[Any]]:
        """Label indices of a split, shape (n,)."""


@dataclass(frozen=True)
class DatasetIdentity:
    """Which data a model was trained on.

    Attributes
    ----------
    id, sha256 : str
        Identity and digest of the data set.
    rows : int
        Rows of all splits together.
    feature_spec_sha256 : str or None
        Digest of the feature specification the host computes.
    horizon_ms : float or None
        How far the labels look ahead.
    trained_on : tuple of (int, int), or None
        Ranges of time, in milliseconds, that hold the rows trained on; None without times.

    """

    id: str
    sha256: str
    rows: int
    feature_spec_sha256: str | None
    horizon_ms: float | None = None
    trained_on: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class FitResult:
    """A fitted model and what it is worth.

    Attributes
    ----------
    model : estimator
        The fitted scikit-learn estimator.
    estimator : str
        Its public import path.
    parameters : dict
        Its parameters, JSON-safe.
    sample_weight : str or None
        ``"balanced"`` when rows were weighted by their class.
    feature_names : tuple of str
        Names of the input columns, in order.
    labels : tuple of str
        All label names.
    classes : tuple of int
        Label index of each probability column; a class never seen in training is absent.
    metrics : dict
        macroF1 with its 95 % ``interval``, accuracy, perClass, confusionMatrix over the test split,
        and ``baseline`` with score and interval of the majority class, a usage threshold and
        persistence.
    fit_seconds : float
        Duration of the fit alone.
    fit_returned_monotonic_ns : int
        ``time.monotonic_ns()`` right after the fit returned.
    class_counts : dict
        Rows of each label in the whole data set, by label name.
    dataset : DatasetIdentity
        What it was trained on.

    """

    model: Estimator
    estimator: str
    parameters: dict[str, Any]
    sample_weight: str | None
    feature_names: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[int, ...]
    metrics: dict[str, Any]
    fit_seconds: float
    fit_returned_monotonic_ns: int
    class_counts: dict[str, int]
    dataset: DatasetIdentity
    train_rows: NDArray[np.float32] = field(repr=False, compare=False)
    test_rows: NDArray[np.float32] = field(repr=False, compare=False)
    held_out: HeldOutRows = field(repr=False, compare=False)

    @property
    def macro_f1(self) -> float:
        """Macro-F1 on the test split, over the classes present in train or test."""
        return float(self.metrics["macroF1"])

    @property
    def baselines(self) -> dict[str, Any]:
        """Scores of the majority class, the usage threshold and persistence on the same rows."""
        return dict(self.metrics["baseline"])

    @property
    def confusion_matrix(self) -> NDArray[np.int64]:
        """Rows: true label. Columns: predicted label."""
        return np.asarray(self.metrics["confusionMatrix"], dtype=np.int64)


def fit(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset,
    *,
    parameters: Mapping[str, Any] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
) -> FitResult:
    """Fit an estimator on the train split and measure it on the test split.

    Parameters
    ----------
    estimator : estimator or str
        A scikit-learn classifier or pipeline (cloned, never changed), or a name such as
        ``"sklearn.RandomForestClassifier"``.
    dataset : LabelledDataset
        From ``client.dataset()``. Fitted in float32, as the host computes features.
    parameters : mapping, optional
        Parameters for an estimator given by name.
    sample_weight : {"balanced", None}, default "balanced"
        Weight rows inversely to the frequency of their class. Left out when the estimator takes no
        weights or already has a ``class_weight``.

    Returns
    -------
    FitResult

    Raises
    ------
    FewRowsError, FewClassesError
        There is not enough to learn from; the text says how many and what to do.
    MissingValuesError
        The data has NaN and the estimator does not take NaN.

    Examples
    --------
    >>> result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())  # doctest: +SKIP
    >>> result.macro_f1, result.baselines["majority"]["macroF1"]  # doctest: +SKIP

    """
    # Imported before the clock starts: the way from fit to the first decision is the tight one.
    from . import _onnx  # noqa: F401

    if isinstance(estimator, str):
        model = create_estimator(estimator, parameters)
    else:
        _check_estimator(estimator)
        model = clone(estimator).set_params(**(parameters or {}))
    if not hasattr(dataset, "feature_names"):
        raise NotAModelError(
            f"Cannot fit on {type(dataset).__name__}: it is no data set; pass client.dataset()"
        )
    X, y = _training_rows(dataset)
    _check_missing(model, X, dataset.feature_names)
    X = _fill_absent_features(X)
    weights = _weights(model, y) if sample_weight == "balanced" else None
    threads = 1 if len(y) < _ROWS_PER_THREADS else None
    started = time.monotonic_ns()
    with threadpool_limits(limits=threads):
        _fit_model(model, X, y, weights)
    returned = time.monotonic_ns()
    return measure(
        model,
        dataset,
        sample_weight=None if weights is None else "balanced",
        fit_seconds=(returned - started) / 1e9,
        fit_returned_monotonic_ns=returned,
    )


def measure(
    model: Estimator,
    dataset: LabelledDataset,
    *,
    sample_weight: str | None = None,
    fit_seconds: float = 0.0,
    fit_returned_monotonic_ns: int | None = None,
) -> FitResult:
    """Score a fitted estimator on the test split beside its baselines.

    Raises
    ------
    ClassesError
        The estimator's classes are not label indices of the data set.
    FewRowsError
        The test split is empty.

    """
    train = (dataset.X("train"), dataset.y("train").astype(np.int64))
    test = (dataset.X("test"), dataset.y("test").astype(np.int64))
    labels = tuple(dataset.labels)
    if len(test[1]) == 0:
        raise FewRowsError(_few_rows_text(len(train[1]), 0))
    classes = class_indices(model, labels)
    present = sorted({*np.unique(train[1]).tolist(), *np.unique(test[1]).tolist()})
    with threadpool_limits(limits=1):
        probabilities = model.predict_proba(test[0])
    predicted = np.asarray(classes, dtype=np.int64)[probabilities.argmax(axis=1)]
    metrics = describe_scores(confusion_matrix(test[1], predicted, len(labels)), present, labels)
    names = tuple(dataset.feature_names)
    counts = _count_labels((train[1], dataset.y("gap"), test[1]), labels)
    metrics["baseline"] = score_baselines(
        names, train, test, present, labels, _thresholds(dataset.meta)
    )
    baselines = take_predictions(metrics["baseline"], test[0], names, labels)
    held_out = HeldOutRows(test[0], test[1], _timestamps(dataset, "test"), baselines)
    _add_intervals(metrics, held_out, predicted, present, dataset)
    metrics["rows"] = {"train": len(train[1]), "test": len(test[1])}
    returned = fit_returned_monotonic_ns
    return FitResult(
        model=model,
        estimator=estimator_path(model),
        parameters=describe_parameters(model),
        sample_weight=sample_weight,
        feature_names=names,
        labels=labels,
        classes=classes,
        metrics=metrics,
        fit_seconds=fit_seconds,
        fit_returned_monotonic_ns=time.monotonic_ns() if returned is None else returned,
        class_counts=counts,
        dataset=DatasetIdentity(
            id=dataset.id,
            sha256=dataset.sha256,
            rows=sum(counts.values()),
            feature_spec_sha256=dataset.meta.get("featureSpecSha256"),
            horizon_ms=dataset.meta.get("horizonMs"),
            trained_on=_trained_on(dataset),
        ),
        train_rows=train[0],
        test_rows=test[0],
        held_out=sort_by_time(held_out),
    )


def hold_out(dataset: LabelledDataset) -> HeldOutRows:
    """Take the test split in time order, with what baselines of the train split answer."""
    train = (dataset.X("train"), dataset.y("train").astype(np.int64))
    test = (dataset.X("test"), dataset.y("test").astype(np.int64))
    labels, names = tuple(dataset.labels), tuple(dataset.feature_names)
    present = sorted({*np.unique(train[1]).tolist(), *np.unique(test[1]).tolist()})
    thresholds = _thresholds(dataset.meta)
    scores = score_baselines(names, train, test, present, labels, thresholds)
    baselines = take_predictions(scores, test[0], names, labels)
    return sort_by_time(HeldOutRows(test[0], test[1], _timestamps(dataset, "test"), baselines))


def _add_intervals(
    metrics: dict[str, Any],
    held_out: HeldOutRows,
    predicted: NDArray[np.int64],
    present: Sequence[int],
    dataset: LabelledDataset,
) -> None:
    times = held_out.timestamps
    order = np.arange(len(predicted)) if times is None else np.argsort(times, kind="stable")
    expected = held_out.y[order]
    ordered = None if times is None else times[order]
    block = block_length(len(order), ordered, dataset.meta.get("horizonMs"))

    def interval(answers: NDArray[np.int64]) -> list[float]:
        return macro_f1_interval(expected, answers[order], present, len(dataset.labels), block)

    metrics["interval"] = interval(predicted)
    for name, answers in held_out.baselines.items():
        metrics["baseline"][name]["interval"] = interval(answers)


def _timestamps(dataset: LabelledDataset, split: str) -> NDArray[np.int64] | None:
    # Not part of what training needs: a data set of one's own may have no times.
    read = getattr(dataset, "timestamps", None)
    return None if read is None else read(split)


def _trained_on(dataset: LabelledDataset) -> tuple[tuple[int, int], ...] | None:
    train, gap, test = (_timestamps(dataset, split) for split in ("train", "gap", "test"))
    if train is None or gap is None or test is None:
        return None
    return time_ranges(train, np.concatenate([gap, test]))


def _thresholds(meta: Mapping[str, Any]) -> Mapping[str, Any] | None:
    thresholds = meta.get("thresholds")
    return thresholds if isinstance(thresholds, Mapping) else None


def class_indices(model: Estimator, labels: Sequence[str]) -> tuple[int, ...]:
    """Label index of each probability column of a fitted classifier."""
    values = model.classes_.tolist()
    for value in values:
        if not isinstance(value, int | float) or value not in range(len(labels)):
            raise ClassesError(
                f'Cannot use class "{value}" of the model: it is not a label index '
                f"0..{len(labels) - 1} ({', '.join(labels)}); train on dataset.y()"
            )
    return tuple(int(value) for value in values)


def _training_rows(dataset: LabelledDataset) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    X, y = dataset.X("train"), dataset.y("train").astype(np.int64)
    n_test = len(dataset.y("test"))
    if len(y) < MIN_TRAIN_ROWS or n_test == 0:
        raise FewRowsError(_few_rows_text(len(y), n_test))
    classes = np.unique(y)
    if len(classes) < 2:
        raise FewClassesError(
            f'Cannot fit a classifier on data set "{dataset.id}": all {len(y)} training rows are '
            f'labelled "{dataset.labels[int(classes[0])]}"; collect over a time with memory '
            "pressure, or lower the label thresholds"
        )
    return X, y


def _count_labels(
    splits: Sequence[NDArray[np.integer[Any]]], labels: Sequence[str]
) -> dict[str, int]:
    counts = np.bincount(np.concatenate(splits).astype(np.int64), minlength=len(labels))
    return {label: int(count) for label, count in zip(labels, counts, strict=True)}


def _few_rows_text(n_train: int, n_test: int) -> str:
    return (
        f"Cannot fit a classifier: the data set has {n_train} train and {n_test} test rows; at "
        f"least {MIN_TRAIN_ROWS} and 1 are needed, so collect for longer or sample faster"
    )


def _check_missing(model: Estimator, X: NDArray[np.float32], names: Sequence[str]) -> None:
    missing = np.atleast_1d(np.isnan(X).any(axis=0))
    if missing.any() and not accepts_nan(model):
        columns = ", ".join(name for name, gap in zip(names, missing, strict=True) if gap)
        raise MissingValuesError(
            f'Cannot fit estimator "{estimator_path(model)}": features {columns} have missing '
            "values and it takes none; put SimpleImputer(keep_empty_features=True) before it in a "
            "pipeline, or use a tree ensemble"
        )


def _fill_absent_features(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero the features this host never had: as constants they cannot matter, whatever comes later.

    scikit-learn's gradient boosting fails on a column without any value, its imputers warn.
    """
    absent = np.isnan(X).all(axis=0)
    return np.where(absent, np.float32(0), X) if absent.any() else X


def _weights(model: Estimator, y: NDArray[np.int64]) -> NDArray[np.float64] | None:
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    already = last.get_params(deep=False).get("class_weight") is not None
    if already or not has_fit_parameter(last, "sample_weight"):
        return None
    return np.asarray(compute_sample_weight("balanced", y), dtype=np.float64)


def _fit_model(
    model: Estimator,
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
) -> None:
    last, rows = model, X
    if isinstance(model, Pipeline):
        last = model.steps[-1][1]
        for _, step in model.steps[:-1]:
            if step is None or step == "passthrough":
                continue
            step.fit(rows, y)
            _round_statistics(step)
            rows = step.transform(rows)
    last.fit(rows, y) if weights is None else last.fit(rows, y, sample_weight=weights)


def _round_statistics(step: Estimator) -> None:
    # With float32 statistics scikit-learn's scaling (double, then rounded to float32) and ONNX's
    # (float32) give the same bits, so no row changes sides of a tree's threshold after scaling.
    for name in _SCALER_STATISTICS.get(type(step), ()):
        value = getattr(step, name)
        if value is not None:
            setattr(step, name, value.astype(np.float32).astype(np.float64))


def _check_estimator(estimator: object) -> None:
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
