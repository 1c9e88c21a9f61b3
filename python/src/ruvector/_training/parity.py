"""Parity: the exported model must answer like the framework that fitted it.

scikit-learn against onnxruntime on the golden rows, in batches of 1, odd sizes and all at once,
and on rows of the data set. Node replays the same golden rows before it lets the model live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .._exceptions import ConversionError, ParityError
from .._untyped import Estimator, Session
from .answers import Answers, ask_framework, from_tensors, is_undecided
from .golden import GoldenRows
from .tasks import OUTPUTS, Task

__all__ = ["ParityReport", "check_parity", "compare"]

TOLERANCE = 1e-5
BATCH_SIZES = (1, 3, 7, 17)
MAX_DATA_ROWS = 2000


@dataclass(frozen=True)
class ParityReport:
    """How far onnxruntime is from the framework.

    Attributes
    ----------
    rows : int
        Distinct rows compared.
    max_abs_diff : float
        Largest difference of a probability, score or value; relative where that is above 1.
    label_mismatches : int
        Rows with another label, ties left out.
    tolerance : float
        ``t`` in ``|Δ| <= t + t * |y|``.
    cases : dict
        Rows of each golden case, and ``data`` for rows of the data set.
    batch_sizes : tuple of int
        Sizes in which the golden rows were replayed.

    """

    rows: int
    max_abs_diff: float
    label_mismatches: int
    tolerance: float
    cases: dict[str, int]
    batch_sizes: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """Outcome of comparing one set of answers."""

    max_abs_diff: float
    label_mismatches: int
    outside: NDArray[np.bool_]


def compare(
    expected: Answers, actual: Answers, task: Task, *, tolerance: float = TOLERANCE
) -> Difference:
    """Compare answers to the same rows.

    A row is outside when a number is off by more than ``tolerance + tolerance * |y|``, is not
    finite, or when the label differs and the row is not a tie.
    """
    shapes = (expected.numbers.shape, actual.numbers.shape)
    if shapes[0] != shapes[1] or expected.label.shape != actual.label.shape:
        raise ParityError(
            f"Cannot compare the exported model with the fitted one: shapes are {shapes[1]} "
            f"and {shapes[0]}; the converter of this estimator is wrong, use another one"
        )
    wanted = expected.numbers.astype(np.float64)
    difference = np.abs(actual.numbers.astype(np.float64) - wanted)
    far = ~(difference <= tolerance + tolerance * np.abs(wanted))
    difference /= np.maximum(np.abs(wanted), 1)
    other_label = (expected.label != actual.label) & ~is_undecided(wanted, task)
    largest = float(np.nanmax(difference, initial=0.0))
    return Difference(
        largest if np.isfinite(actual.numbers).all() else float("inf"),
        int(other_label.sum()),
        far.any(axis=1) | other_label,
    )


def check_parity(
    onnx_bytes: bytes,
    model: Estimator,
    classes: Sequence[int] | None,
    golden: GoldenRows,
    data: NDArray[np.float32],
    *,
    tolerance: float = TOLERANCE,
) -> ParityReport:
    """Replay golden rows and data rows in onnxruntime.

    Parameters
    ----------
    onnx_bytes : bytes
        The exported model.
    model : estimator
        The fitted framework model.
    classes : sequence of int or None
        Label index of each probability column; None unless the task is classification.
    golden : GoldenRows
        Rows with the framework's answers.
    data : ndarray of float32
        Rows of the data set; at most 2,000 are used.
    tolerance : float, default 1e-5
        Relative and absolute, see :class:`ParityReport`.

    Raises
    ------
    ParityError
        A row differs; the text names its case and how far off it is.

    """
    session, task = create_session(onnx_bytes), golden.task
    largest, mismatches = 0.0, 0
    for size in (*BATCH_SIZES, len(golden)):
        actual = run_batches(session, golden.X, size, task)
        found = compare(golden.answers, actual, task, tolerance=tolerance)
        _require(found, golden.case, f"golden rows in batches of {size}", tolerance)
        largest = max(largest, found.max_abs_diff)
        mismatches = max(mismatches, found.label_mismatches)
    picked = data[:: max(1, len(data) // MAX_DATA_ROWS)][:MAX_DATA_ROWS]
    expected = ask_framework(model, picked, task, classes)
    found = compare(expected, run_batches(session, picked, len(picked), task), task)
    _require(found, ("data",) * len(picked), "rows of the data set", tolerance)
    return ParityReport(
        rows=len(golden) + len(picked),
        max_abs_diff=max(largest, found.max_abs_diff),
        label_mismatches=mismatches + found.label_mismatches,
        tolerance=tolerance,
        cases={**golden.counts(), "data": len(picked)},
        batch_sizes=(*BATCH_SIZES, len(golden)),
    )


def create_session(onnx_bytes: bytes) -> Session:
    """Load a model into onnxruntime, single threaded, silent below errors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, of no common base
        reason = str(error).strip().split("\n")[0]
        raise ConversionError(
            f"Cannot load the exported model: onnxruntime refuses it ({reason}); use another "
            "estimator, or correct its to_onnx()"
        ) from error


def run_batches(session: Session, X: NDArray[np.float32], size: int, task: Task) -> Answers:
    """Run rows in batches of ``size`` and join the answers."""
    names = list(OUTPUTS[task])
    parts = [session.run(names, {"X": rows}) for rows in _batches(X, size)]
    joined = [np.concatenate(tensors) for tensors in zip(*parts, strict=True)]
    return from_tensors(dict(zip(names, joined, strict=True)), task)


def _batches(X: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(X), size):
        yield X[start : start + size]


def _require(found: Difference, cases: Sequence[str], what: str, tolerance: float) -> None:
    n_outside = int(found.outside.sum())
    if n_outside == 0:
        return
    by_case = {
        case: sum(1 for name, out in zip(cases, found.outside, strict=True) if out and name == case)
        for case in dict.fromkeys(cases)
    }
    where = ", ".join(f"{count} {case}" for case, count in by_case.items() if count)
    raise ParityError(
        f"Cannot export the model: {n_outside} of {len(cases)} {what} differ from the framework "
        f"({where}; largest difference {found.max_abs_diff:.3g}, {found.label_mismatches} labels, "
        f"tolerance {tolerance:g}); fit with ruvector.fit(), which keeps the arithmetic in "
        "float32, or use a forest, gradient boosting or a scaled linear model"
    )
