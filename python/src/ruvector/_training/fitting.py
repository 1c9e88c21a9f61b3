"""Fit an estimator on a labelled data set.

Not the scores: ``measurement``. Not the export: ``onnx_export``. Not a search for parameters: pass
the wanted ones.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._exceptions import NotAModelError
from .._untyped import Estimator
from .estimators import create_estimator, seed_estimator
from .fit_checks import check_estimator, check_missing, take_training_rows
from .fit_result import FitResult
from .labelled_dataset import LabelledDataset
from .measurement import measure
from .progress import Callback, TrainingStep, report, training_run
from .result_log import log_result
from .run_log import LoggerName, open_run

__all__ = ["fit"]

_SCALER_STATISTICS: Mapping[type, tuple[str, ...]] = {
    StandardScaler: ("mean_", "scale_"),
    MinMaxScaler: ("min_", "scale_"),
}
# Below this many rows a second thread costs more than it saves, most of all on a busy host.
_ROWS_PER_THREADS = 50_000


def fit(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset,
    *,
    parameters: Mapping[str, Any] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
    logger: LoggerName | None = None,
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
    callbacks : sequence of callable, default ()
        Each is called with a :class:`ruvector.trainers.TrainingStep` as the fit goes on. One that
        raises :class:`ruvector.trainers.StopTraining` ends it early, with what was fitted so far;
        anything else it raises ends it for good.
    seed : int, default 0
        For every ``random_state`` that is not set. The same seed on the same data gives the same
        model.
    logger : {"mlflow", None}, default None
        Log parameters, metrics of each step and at the end, the ONNX model and the report to
        MLflow, which says itself where to (``MLFLOW_TRACKING_URI``). What cannot be logged is a
        warning, and the fit is not lost.

    Returns
    -------
    FitResult

    Raises
    ------
    MissingPackageError
        The package of a named estimator is not installed; the text has the line that installs it.
    FewRowsError, FewClassesError
        There is not enough to learn from; the text says how many and what to do.
    MissingValuesError
        The data has NaN and the estimator does not take NaN.

    Examples
    --------
    >>> result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())  # doctest: +SKIP
    >>> result.macro_f1, result.baselines["majority"]["macroF1"]  # doctest: +SKIP

    """
    if logger is None:
        return _fit(estimator, dataset, parameters, sample_weight, callbacks, seed)
    name = estimator if isinstance(estimator, str) else type(estimator).__name__
    with open_run(logger, name) as run:
        told = (*callbacks, run.log_step)
        result = _fit(estimator, dataset, parameters, sample_weight, told, seed)
        log_result(run, result)
    return replace(result, run_id=run.run_id)


def _fit(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset,
    parameters: Mapping[str, Any] | None,
    sample_weight: Literal["balanced"] | None,
    callbacks: Sequence[Callback],
    seed: int,
) -> FitResult:
    if isinstance(estimator, str):
        model = create_estimator(estimator, parameters, seed=seed)
    else:
        check_estimator(estimator)
        model = clone(estimator).set_params(**(parameters or {}))
        seed_estimator(model, seed)
    if not hasattr(dataset, "feature_names"):
        raise NotAModelError(
            f"Cannot fit on {type(dataset).__name__}: it is no data set; pass client.dataset()"
        )
    X, y = take_training_rows(dataset)
    check_missing(model, X, dataset.feature_names)
    X = _fill_absent_features(X)
    weights = _weights(model, y) if sample_weight == "balanced" else None
    threads = 1 if len(y) < _ROWS_PER_THREADS else None
    steps: list[TrainingStep] = []
    started = time.monotonic_ns()
    with threadpool_limits(limits=threads), training_run((steps.append, *callbacks)):
        report(0)
        _fit_model(model, X, y, weights)
    returned = time.monotonic_ns()
    result = measure(
        model,
        dataset,
        sample_weight=None if weights is None else "balanced",
        fit_seconds=(returned - started) / 1e9,
        fit_returned_monotonic_ns=returned,
    )
    return replace(result, steps=tuple(steps))


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
