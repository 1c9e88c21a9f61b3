"""Score a classifier on the test split: macro-F1 beside class, usage threshold and persistence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._exceptions import ClassesError
from .._untyped import Estimator
from .baseline import score_baselines
from .bootstrap import macro_f1_interval
from .held_out import HeldOutRows, sort_by_time, take_predictions
from .labelled_dataset import LabelledDataset, newest_names, thresholds_of, timestamps_of
from .scored import Scored, block_of
from .scores import confusion_matrix, describe_scores
from .targets import take_test_rows

__all__ = ["class_indices", "hold_out_labels", "score_classifier"]


def score_classifier(model: Estimator, dataset: LabelledDataset) -> Scored:
    """Score a fitted classifier.

    Raises
    ------
    ClassesError
        The estimator's classes are not label indices of the data set.

    """
    labels = tuple(dataset.labels)
    classes = class_indices(model, labels)
    held_out, present, baseline = _hold_out(dataset)
    probabilities = model.predict_proba(held_out.X)
    predicted = np.asarray(classes, dtype=np.int64)[probabilities.argmax(axis=1)]
    matrix = confusion_matrix(held_out.y, predicted, len(labels))
    metrics = {**describe_scores(matrix, present, labels), "baseline": baseline}
    block = block_of(held_out, dataset)

    def interval(answers: NDArray[np.int64]) -> list[float]:
        return macro_f1_interval(held_out.y, answers, present, len(labels), block)

    metrics["interval"] = interval(predicted)
    for name, answers in held_out.baselines.items():
        baseline[name]["interval"] = interval(answers)
    return Scored(metrics, held_out, classes)


def hold_out_labels(dataset: LabelledDataset) -> HeldOutRows:
    """Take the test split in time order, with what baselines of the train split answer."""
    return _hold_out(dataset)[0]


def _hold_out(dataset: LabelledDataset) -> tuple[HeldOutRows, list[int], dict[str, Any]]:
    train = (dataset.X("train"), dataset.y("train").astype(np.int64))
    test = take_test_rows(dataset, "classification")
    labels, names = tuple(dataset.labels), newest_names(dataset)
    present = sorted({*np.unique(train[1]).tolist(), *np.unique(test[1]).tolist()})
    scores = score_baselines(names, train, test, present, labels, thresholds_of(dataset))
    baselines = take_predictions(scores, test[0], names, labels)
    rows = HeldOutRows(test[0], test[1], timestamps_of(dataset, "test"), baselines)
    return sort_by_time(rows), present, scores


def class_indices(model: Estimator, labels: Sequence[str]) -> tuple[int, ...]:
    """Label index of each probability column of a fitted classifier."""
    if not hasattr(model, "classes_"):
        raise ClassesError(
            f"Cannot use {type(model).__name__}: it has no classes_, which say what each column of "
            "its probabilities is; set them in fit(), np.unique(y)"
        )
    values = np.asarray(model.classes_).tolist()
    for value in values:
        if not isinstance(value, int | float) or value not in range(len(labels)):
            raise ClassesError(
                f'Cannot use class "{value}" of the model: it is not a label index '
                f"0..{len(labels) - 1} ({', '.join(labels)}); train on dataset.y()"
            )
    return tuple(int(value) for value in values)
