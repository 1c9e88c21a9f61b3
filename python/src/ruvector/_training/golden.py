"""Golden rows: inputs and the framework's own answers, replayed by every runtime that loads them.

The rows sit where runtimes disagree: on both sides of tree thresholds (±1 ulp of float32), on NaN,
on extreme values. Rows whose two best classes tie are left out: there a label is a coin toss.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors._base import KNeighborsMixin, RadiusNeighborsMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .._exceptions import ParityError, ProbabilitiesError
from .._untyped import Estimator
from .answers import TIE_MARGIN, Answers, Rows, ask_framework, is_undecided
from .graphs import walk
from .missing_values import accepts_nan
from .tasks import Task, task_of
from .trees import is_tree_ensemble, read_trees

__all__ = ["GoldenRows", "build_golden", "check_answers", "decode_golden", "encode_golden"]

GOLDEN_ROWS = 256
PROBABILITY_TOLERANCE = 1e-3
_QUOTAS = {"threshold": 96, "nan": 24, "extreme": 24}
_FEW_VALUES = 32
_EXTREMES = (0.0, -1.0, 1e9, -1e9, 3e38, -3e38)

# Models that ask which known rows are nearest, or how far off a row is from what a class holds.
_BY_DISTANCE = (
    KNeighborsMixin,
    RadiusNeighborsMixin,
    GaussianNB,
    QuadraticDiscriminantAnalysis,
)


@dataclass(frozen=True)
class GoldenRows:
    """Inputs with the framework's answers.

    Attributes
    ----------
    X : ndarray of float32, shape (n, d)
    answers : Answers
        Those of the framework; numbers are float32.
    case : tuple of str
        Why each row is here: random, threshold, nan or extreme.
    task : Task

    """

    X: Rows
    answers: Answers
    case: tuple[str, ...]
    task: Task

    def __len__(self) -> int:
        return len(self.X)

    def counts(self) -> dict[str, int]:
        """Rows of each case."""
        return {case: self.case.count(case) for case in dict.fromkeys(self.case)}


def build_golden(
    model: Estimator,
    classes: Sequence[int] | None,
    data: Rows,
    *,
    rows: int = GOLDEN_ROWS,
    seed: int = 0,
) -> GoldenRows:
    """Choose about ``rows`` inputs and ask the framework for its answers.

    Parameters
    ----------
    model : estimator
        Fitted.
    classes : sequence of int or None
        Label index of each probability column; None unless the task is classification.
    data : ndarray of float32, shape (n, d)
        Rows the model was trained on; they give the range.
    rows : int, default 256
        Wanted number of rows; what thresholds, NaN and extremes do not fill is random.
    seed : int, default 0
        Seed of the choice; the same model and data give the same rows.

    Raises
    ------
    ParityError
        No row has a finite answer that is not a tie.

    """
    rng = np.random.default_rng(seed)
    candidates = {
        "threshold": _threshold_rows(model, data, rng),
        "nan": _nan_rows(model, data, rng),
        "extreme": _extreme_rows(model, data, rng),
        "random": _random_rows(data, 2 * rows, rng),
    }
    X = np.concatenate(list(candidates.values()))
    case = np.repeat(list(candidates), [len(part) for part in candidates.values()])
    task = task_of(model)
    given = ask_framework(model, X, task, classes)
    with np.errstate(over="ignore"):
        numbers = given.numbers.astype(np.float32)
    decided = np.isfinite(numbers).all(axis=1) & ~is_undecided(given.numbers, task)
    chosen = _choose(case, decided, rows)
    if len(chosen) == 0:
        raise ParityError(
            f"Cannot prove parity of {type(model).__name__}: it gives no row a finite, decided "
            "answer; train it on more rows"
        )
    return GoldenRows(
        X=X[chosen],
        answers=Answers(given.label[chosen], numbers[chosen]),
        case=tuple(case[chosen].tolist()),
        task=task,
    )


def _choose(case: NDArray[np.str_], decided: NDArray[np.bool_], rows: int) -> NDArray[np.intp]:
    """Take the quota of each case, and fill up with random rows: a quarter of them at least."""
    parts = [np.flatnonzero(decided & (case == name))[:quota] for name, quota in _QUOTAS.items()]
    wanted = max(rows - sum(len(part) for part in parts), rows // 4)
    return np.concatenate([*parts, np.flatnonzero(decided & (case == "random"))[:wanted]])


def _random_rows(data: Rows, n: int, rng: np.random.Generator) -> Rows:
    # Half are rows of the data, half are uniform within its range.
    taken = data[rng.integers(len(data), size=n // 2)]
    low, high = _column_range(data)
    drawn = rng.uniform(low, high, size=(n - n // 2, data.shape[1])).astype(np.float32)
    for column in range(data.shape[1]):
        known = np.unique(data[np.isfinite(data[:, column]), column])
        if 0 < len(known) <= _FEW_VALUES:  # a category: an encoder may refuse any other value
            drawn[:, column] = rng.choice(known, size=len(drawn))
    both = np.concatenate([taken, drawn])
    return both[rng.permutation(len(both))]


def _column_range(data: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.where(np.isnan(data), np.inf, data).astype(np.float64)
    low = known.min(axis=0)
    high = np.where(np.isnan(data), -np.inf, data).astype(np.float64).max(axis=0)
    never = ~np.isfinite(low)
    return np.where(never, 0.0, low), np.where(never, 0.0, high)


def _threshold_rows(model: Estimator, data: Rows, rng: np.random.Generator) -> Rows:
    features, thresholds = _input_thresholds(model)
    if len(features) == 0:
        return data[:0]
    chosen = rng.permutation(len(features))[: _QUOTAS["threshold"] // 2]
    base = np.repeat(data[rng.integers(len(data), size=len(chosen))], 3, axis=0)
    on = thresholds[chosen]
    down, up = np.float32(-np.inf), np.float32(np.inf)
    with np.errstate(over="ignore"):
        around = np.stack([np.nextafter(on, down), on, np.nextafter(on, up)], axis=1)
    base[np.arange(len(base)), np.repeat(features[chosen], 3)] = around.ravel()
    return np.asarray(base[np.isfinite(around.ravel())])


def _input_thresholds(model: Estimator) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Thresholds of the trees in units of the model's own input, undoing scalers before them."""
    found = list(_thresholds_of(model))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    features, values = (np.concatenate(part) for part in zip(*found, strict=True))
    return features, values.astype(np.float32)


def _thresholds_of(model: Estimator) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    if isinstance(model, Pipeline):
        before = [step for _, step in model.steps[:-1] if hasattr(step, "fit")]
        if all(_is_undone(step) for step in before):
            for features, values in _thresholds_of(model.steps[-1][1]):
                for step in reversed(before):
                    values = _undo(step, features, values)
                yield features, values
    elif is_tree_ensemble(model):
        features, thresholds = read_trees(model).thresholds()
        yield features, thresholds.astype(np.float64)
    else:
        for member in _members_on_same_rows(model):
            yield from _thresholds_of(member)


def _members_on_same_rows(model: Estimator) -> list[Estimator]:
    """Fitted estimators of a vote, a stack, a calibration or a threshold: they get its own rows."""
    folds = getattr(model, "calibrated_classifiers_", [])
    members = [*getattr(model, "estimators_", []), *(fold.estimator for fold in folds)]
    if not members and hasattr(model, "threshold"):
        members = [model.estimator]
    width = getattr(model, "n_features_in_", None)
    return [each for each in members if getattr(each, "n_features_in_", None) == width]


def _is_undone(step: Estimator) -> bool:
    """Tell whether each column that comes out of a step is one that went in, moved or scaled."""
    if isinstance(step, SimpleImputer):
        return not step.add_indicator and step.statistics_.size == step.n_features_in_
    return isinstance(step, StandardScaler)


def _undo(
    step: Estimator, features: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    if isinstance(step, StandardScaler):
        if step.scale_ is not None:
            values = values * step.scale_[features]
        if step.with_mean:
            values = values + step.mean_[features]
    return values


def _nan_rows(model: Estimator, data: Rows, rng: np.random.Generator) -> Rows:
    if not accepts_nan(model):
        return data[:0]
    n, d = 2 * _QUOTAS["nan"], data.shape[1]
    base = data[rng.integers(len(data), size=n)].copy()
    base[np.arange(n), np.arange(n) % d] = np.nan
    base[-2] = np.nan  # all missing
    base[-1, : d // 2] = np.nan
    return base[::-1]


def _extreme_rows(model: Estimator, data: Rows, rng: np.random.Generator) -> Rows:
    if any(isinstance(each, _BY_DISTANCE) for each in walk(model)):
        # From so far away all known rows are equally near, and float64 tells no densities apart.
        return data[:0]
    n = 2 * _QUOTAS["extreme"]
    base = data[rng.integers(len(data), size=n)].copy()
    columns = rng.integers(data.shape[1], size=n)
    base[np.arange(n), columns] = np.resize(np.asarray(_EXTREMES, dtype=np.float32), n)
    base[0] = 0.0
    return base


def check_answers(
    label: NDArray[np.int64], probabilities: NDArray[Any], classes: Sequence[int]
) -> None:
    """Refuse what calls itself probabilities and is none; the host checks the same.

    Parameters
    ----------
    label : ndarray of int64, shape (n,)
        Label index of each row.
    probabilities : ndarray, shape (n, k)
        Share of each class.
    classes : sequence of int
        Label index of each probability column.

    Raises
    ------
    ProbabilitiesError
        Raw scores, rows that do not sum to 1, labels outside the classes or not the most probable.

    """
    shares = np.asarray(probabilities, dtype=np.float64)
    columns = np.asarray(classes, dtype=np.int64)
    sums = shares.sum(axis=1)
    known = np.isin(label, columns)
    at = np.where(known, np.searchsorted(columns, label), 0).clip(0, len(columns) - 1)
    behind = shares.max(axis=1) - shares[np.arange(len(label)), at]
    low, high = -PROBABILITY_TOLERANCE, 1 + PROBABILITY_TOLERANCE
    outside = np.asarray(~((shares >= low) & (shares <= high)).all(axis=1))
    _refuse(outside, lambda row: f"is {_brief(shares[row])}: raw scores or logits")
    _refuse(
        np.asarray(~(np.abs(sums - 1) <= PROBABILITY_TOLERANCE)),
        lambda row: f"is {_brief(shares[row])}, which sums to {sums[row]:.4g} and not to 1",
    )
    _refuse(
        ~known, lambda row: f"has label {label[row]}, which is not among classes {list(classes)}"
    )
    _refuse(
        np.asarray(behind > TIE_MARGIN),
        lambda row: f"has label {label[row]}, which is not its most probable class",
    )


def _refuse(wrong: NDArray[np.bool_], describe: Callable[[int], str]) -> None:
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    raise ProbabilitiesError(
        f"Cannot export the model: its answer to golden row {row} {describe(row)}; give it a "
        "predict_proba whose rows sum to 1, such as CalibratedClassifierCV"
    )


def _brief(values: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"


def encode_golden(golden: GoldenRows, feature_names: Sequence[str]) -> bytes:
    """Write golden rows as an Arrow IPC stream.

    Columns: each feature by name (float32), what the task answers, and ``case``. classification:
    ``expected_label`` (int64) and ``p0``.. (float32); anomaly: ``expected_label`` and ``score``;
    forecast: ``value``.
    """
    columns: dict[str, pa.Array] = {
        name: pa.array(golden.X[:, index]) for index, name in enumerate(feature_names)
    }
    if golden.task != "forecast":
        columns["expected_label"] = pa.array(golden.answers.label)
    numbers = golden.answers.numbers
    for name, column in zip(_number_names(golden.task, numbers.shape[1]), numbers.T, strict=True):
        columns[name] = pa.array(column)
    columns["case"] = pa.array(golden.case, type=pa.utf8())
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _number_names(task: Task, width: int) -> list[str]:
    if task == "classification":
        return [f"p{index}" for index in range(width)]
    return ["score" if task == "anomaly" else "value"]


def decode_golden(
    payload: bytes, feature_names: Sequence[str], task: Task = "classification"
) -> GoldenRows:
    """Read golden rows back from an Arrow IPC stream."""
    table = pa.ipc.open_stream(payload).read_all()
    width = len(table.column_names) - len(feature_names) - 2
    numbers = [table[name].to_numpy() for name in _number_names(task, width)]
    label = (
        table["expected_label"].to_numpy()
        if task != "forecast"
        else np.zeros(table.num_rows, dtype=np.int64)
    )
    return GoldenRows(
        X=np.stack([table[name].to_numpy() for name in feature_names], axis=1),
        answers=Answers(label, np.stack(numbers, axis=1)),
        case=tuple(table["case"].to_pylist()),
        task=task,
    )
