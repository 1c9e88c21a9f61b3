"""Fit an estimator on a labelled data set.

Not the scores: ``measurement``. Not the export: ``onnx_export``. Not a search for parameters: pass
the wanted ones, or a search of scikit-learn, of which the best model is taken.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._exceptions import (
    CancelledError,
    DivergedError,
    NotAModelError,
    RuvectorError,
    TrainingError,
)
from .._untyped import Estimator
from .estimators import estimator_path
from .fit_checks import (
    check_arguments,
    check_classes,
    check_missing,
    check_scaled,
    check_width,
    take_training_rows,
)
from .fit_result import FitResult
from .found_models import take_found
from .graphs import walk
from .labelled_dataset import LabelledDataset
from .measurement import measure
from .preparation import prepare
from .progress import Callback, StopTraining, TrainingRun, TrainingStep, report, training_run
from .rehearsal import rehearse
from .result_log import log_result
from .run_log import LoggerName, open_run
from .sample_weights import balance
from .swapped_classes import swap_back, swap_in
from .tasks import task_of
from .watching import watch

__all__ = ["fit_here", "fit_rows", "training_error"]

# Below this many rows a second thread costs more than it saves, most of all on a busy host.
_ROWS_PER_THREADS = 50_000
# What scikit-learn says when numbers run away.
_DIVERGED = ("non-finite", "under-/overflow", "underflow", "overflow")


def fit_here(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset,
    *,
    callbacks: Sequence[Callback] = (),
    logger: LoggerName | None = None,
    parameters: Mapping[str, Any] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    seed: int = 0,
) -> FitResult:
    """Fit here, as :func:`ruvector.fit` says."""
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
    if not hasattr(dataset, "feature_names"):
        raise NotAModelError(
            f"Cannot fit on {type(dataset).__name__}: it is no data set; pass client.dataset()"
        )
    check_arguments(parameters, sample_weight)
    model = prepare(estimator, dataset, parameters or {}, seed)
    task = task_of(model)
    X, y = take_training_rows(dataset, task)
    check_width(X, dataset)
    check_scaled(model, X, 0 if y is None else len(np.unique(y)))
    check_missing(model, X, dataset.feature_names)
    if y is not None and task == "classification":
        check_classes(model, np.unique(y), dataset.labels)
    if not isinstance(estimator, str):
        rehearse(model, _fill_absent_features(X), y)
    weights = balance(model, y) if sample_weight == "balanced" and y is not None else {}
    steps: list[TrainingStep] = []
    started = time.monotonic_ns()
    fit_rows(model, X, y, weights, (steps.append, *callbacks))
    returned = time.monotonic_ns()
    result = measure(
        take_found(model),
        dataset,
        sample_weight="balanced" if weights else None,
        fit_seconds=(returned - started) / 1e9,
        fit_returned_monotonic_ns=returned,
    )
    return replace(result, steps=tuple(steps))


def fit_rows(
    model: Estimator,
    X: NDArray[np.float32],
    y: NDArray[Any] | None,
    arguments: Mapping[str, Any],
    callbacks: Sequence[Callback],
) -> None:
    """Fit a prepared model on rows that were checked; it is not measured.

    Parameters
    ----------
    model : estimator
        From ``prepare``.
    X, y : ndarray
        Rows and targets; a detector has none.
    arguments : mapping
        More arguments of ``model.fit``, such as weights.
    callbacks : sequence of callable
        See :func:`fit`.

    Raises
    ------
    TrainingError
        As :func:`fit` does.

    """
    X = _fill_absent_features(X)
    threads = 1 if len(X) < _ROWS_PER_THREADS else None
    with threadpool_limits(limits=threads), training_run(tuple(callbacks)) as run:
        _fit_model(model, X, y, arguments, run)


def _fill_absent_features(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero the features this host never had: as constants they cannot matter, whatever comes later.

    scikit-learn's gradient boosting fails on a column without any value, its imputers warn.
    """
    absent = np.isnan(X).all(axis=0)
    return np.where(absent, np.float32(0), X) if absent.any() else X


def _fit_model(
    model: Estimator,
    X: NDArray[np.float32],
    y: NDArray[Any] | None,
    weights: Mapping[str, Any],
    run: TrainingRun,
) -> None:
    swap_in(list(walk(model)))
    targets = () if y is None else (y,)
    try:
        report(0)
        with watch(model) as watched:
            model.fit(X, *targets, **weights, **watched)
        if run.last is None or run.last.step == 0:
            report(1, 1)
    except StopTraining as error:
        if not _is_fitted(model, X):
            raise CancelledError(
                f'Cannot end the fit of "{estimator_path(model)}" early: it has nothing to keep '
                "yet; let the callback raise StopTraining after a later step"
            ) from error
    except Exception as error:
        if error is run.raised or isinstance(error, RuvectorError | MemoryError):
            raise
        raise training_error(model, error) from error
    finally:
        swap_back(list(walk(model)))


def _is_fitted(model: Estimator, X: NDArray[np.float32]) -> bool:
    answer = getattr(model, "predict_proba", None) or getattr(model, "predict", None)
    try:
        return answer is not None and len(answer(X[:1])) == 1
    except Exception:  # whatever an unfitted estimator raises
        return False


def training_error(model: Estimator, error: Exception) -> TrainingError:
    """Build the error of an estimator that failed in its fit."""
    reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
    name = estimator_path(model)
    if any(word in reason for word in _DIVERGED):
        return DivergedError(
            f'Cannot fit estimator "{name}": its numbers ran away ({reason}); scale the features '
            "with StandardScaler, or lower the learning rate"
        )
    return TrainingError(
        f'Cannot fit estimator "{name}": {reason}; correct its parameters, or look at the data'
    )
