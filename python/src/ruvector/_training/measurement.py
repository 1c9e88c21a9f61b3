"""Score a fitted estimator on the test split beside its baselines. Not the fit: ``fitting``.

How each task is scored: ``classification``, ``anomaly`` and ``forecast``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._untyped import Estimator
from .anomaly import hold_out_anomalies, score_detector
from .classification import hold_out_labels, score_classifier
from .estimators import describe_parameters, estimator_path
from .fit_checks import few_rows
from .fit_result import FitResult
from .forecast import hold_out_values, score_forecast
from .held_out import HeldOutRows
from .labelled_dataset import LabelledDataset, identify
from .scored import Scored
from .targets import take_test_rows, take_train_rows
from .tasks import Task, task_of

__all__ = ["hold_out", "measure"]

_SCORERS: Mapping[Task, Callable[[Estimator, LabelledDataset], Scored]] = {
    "classification": score_classifier,
    "anomaly": score_detector,
    "forecast": score_forecast,
}
_HOLD_OUTS: Mapping[Task, Callable[[LabelledDataset], HeldOutRows]] = {
    "classification": hold_out_labels,
    "anomaly": hold_out_anomalies,
    "forecast": hold_out_values,
}


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
    MissingTargetError
        A forecast cannot be measured on this data set.

    """
    task = task_of(model)
    train_rows, _ = take_train_rows(dataset, task)
    test_rows, _ = take_test_rows(dataset, task)
    if len(test_rows) == 0:
        raise few_rows(task, len(train_rows), 0)
    with threadpool_limits(limits=1):
        scored = _SCORERS[task](model, dataset)
    labels = tuple(dataset.labels)
    counts = _count_labels([dataset.y(split) for split in ("train", "gap", "test")], labels)
    returned = fit_returned_monotonic_ns
    return FitResult(
        model=model,
        estimator=estimator_path(model),
        parameters=describe_parameters(model),
        sample_weight=sample_weight,
        feature_names=tuple(dataset.feature_names),
        labels=labels,
        classes=scored.classes,
        metrics={**scored.metrics, "rows": {"train": len(train_rows), "test": len(test_rows)}},
        fit_seconds=fit_seconds,
        fit_returned_monotonic_ns=time.monotonic_ns() if returned is None else returned,
        class_counts=counts,
        dataset=identify(dataset, sum(counts.values())),
        task=task,
        train_rows=dataset.X("train"),
        test_rows=dataset.X("test"),
        held_out=scored.held_out,
    )


def hold_out(dataset: LabelledDataset, task: Task) -> HeldOutRows:
    """Take the test split in time order, with what the baselines of a task answer."""
    return _HOLD_OUTS[task](dataset)


def _count_labels(
    splits: Sequence[NDArray[np.integer[Any]]], labels: Sequence[str]
) -> dict[str, int]:
    counts = np.bincount(np.concatenate(splits).astype(np.int64), minlength=len(labels))
    return {label: int(count) for label, count in zip(labels, counts, strict=True)}
