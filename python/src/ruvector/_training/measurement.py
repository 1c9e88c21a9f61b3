"""Score a fitted estimator on the test split beside its baselines. Not the fit: ``fitting``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .._exceptions import ClassesError
from .._untyped import Estimator
from .baseline import score_baselines
from .bootstrap import block_length, macro_f1_interval
from .estimators import describe_parameters, estimator_path
from .fit_checks import few_rows
from .fit_result import FitResult
from .held_out import HeldOutRows, sort_by_time, take_predictions
from .labelled_dataset import LabelledDataset, identify, thresholds_of, timestamps_of
from .scores import confusion_matrix, describe_scores
from .tasks import task_of

__all__ = ["hold_out", "measure"]


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
        raise few_rows(len(train[1]), 0)
    classes = class_indices(model, labels)
    present = sorted({*np.unique(train[1]).tolist(), *np.unique(test[1]).tolist()})
    with threadpool_limits(limits=1):
        probabilities = model.predict_proba(test[0])
    predicted = np.asarray(classes, dtype=np.int64)[probabilities.argmax(axis=1)]
    metrics = describe_scores(confusion_matrix(test[1], predicted, len(labels)), present, labels)
    names = tuple(dataset.feature_names)
    counts = _count_labels((train[1], dataset.y("gap"), test[1]), labels)
    metrics["baseline"] = score_baselines(
        names, train, test, present, labels, thresholds_of(dataset)
    )
    baselines = take_predictions(metrics["baseline"], test[0], names, labels)
    held_out = HeldOutRows(test[0], test[1], timestamps_of(dataset, "test"), baselines)
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
        dataset=identify(dataset, sum(counts.values())),
        task=task_of(model),
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
    thresholds = thresholds_of(dataset)
    scores = score_baselines(names, train, test, present, labels, thresholds)
    baselines = take_predictions(scores, test[0], names, labels)
    return sort_by_time(HeldOutRows(test[0], test[1], timestamps_of(dataset, "test"), baselines))


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


def _count_labels(
    splits: Sequence[NDArray[np.integer[Any]]], labels: Sequence[str]
) -> dict[str, int]:
    counts = np.bincount(np.concatenate(splits).astype(np.int64), minlength=len(labels))
    return {label: int(count) for label, count in zip(labels, counts, strict=True)}
