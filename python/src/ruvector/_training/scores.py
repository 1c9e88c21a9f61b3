"""Scores of a classifier: confusion matrix, accuracy and macro-F1. Pure arithmetic, no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["confusion_matrix", "describe_scores", "macro_f1"]


def confusion_matrix(
    expected: NDArray[np.int64], predicted: NDArray[np.int64], n_labels: int
) -> NDArray[np.int64]:
    """Count rows by (expected, predicted).

    Parameters
    ----------
    expected, predicted : ndarray of int64, shape (n,)
        Indices into the labels.
    n_labels : int
        Number of labels.

    Returns
    -------
    ndarray of int64, shape (n_labels, n_labels)
        Row: expected label. Column: predicted label.

    """
    flat = np.bincount(expected * n_labels + predicted, minlength=n_labels * n_labels)
    return flat.reshape(n_labels, n_labels)


def macro_f1(matrix: NDArray[np.int64], classes: Sequence[int]) -> float:
    """Unweighted mean of the F1 of the given classes; a class never seen nor predicted scores 0.

    Parameters
    ----------
    matrix : ndarray of int64
        Confusion matrix.
    classes : sequence of int
        Classes to average over: those present in the train or the test split. A class of the label
        list that the host never showed is left out, because no model could score on it.

    """
    return float(np.mean(_f1(matrix)[list(classes)]))


def describe_scores(
    matrix: NDArray[np.int64], classes: Sequence[int], labels: Sequence[str]
) -> dict[str, Any]:
    """Build the JSON-safe scores of a manifest from a confusion matrix.

    Parameters
    ----------
    matrix : ndarray of int64
        Confusion matrix over all labels.
    classes : sequence of int
        Classes of the macro average, see :func:`macro_f1`.
    labels : sequence of str
        Label names.

    """
    f1 = _f1(matrix)
    true_positives = np.diag(matrix)
    return {
        "macroF1": macro_f1(matrix, classes),
        "accuracy": float(true_positives.sum() / max(int(matrix.sum()), 1)),
        "averagedOver": [labels[index] for index in classes],
        "perClass": [
            {
                "label": label,
                "precision": _ratio(true_positives[index], matrix[:, index].sum()),
                "recall": _ratio(true_positives[index], matrix[index].sum()),
                "f1": float(f1[index]),
                "support": int(matrix[index].sum()),
            }
            for index, label in enumerate(labels)
        ],
        "confusionMatrix": matrix.tolist(),
    }


def _f1(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    # F1 = 2 TP / (2 TP + FP + FN) = 2 TP / (row sum + column sum)
    totals = matrix.sum(axis=0) + matrix.sum(axis=1)
    return np.asarray(2.0 * np.diag(matrix) / np.maximum(totals, 1), dtype=np.float64)


def _ratio(part: np.int64, whole: np.int64) -> float:
    return float(part / whole) if whole else 0.0
