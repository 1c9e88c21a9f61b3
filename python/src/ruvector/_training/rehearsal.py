"""A rehearsal: fit a copy on a few rows and convert it, before the fit that may take an hour.

What is refused by name is in ``graphs``. This catches what nobody thought of: a converter that
fails, or answers otherwise, for some combination of parameters.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .._exceptions import ConversionError, ParityError
from .._untyped import Estimator
from .answers import ask_framework
from .estimators import estimator_path
from .exporters import convert, is_exported
from .found_models import SEARCHES, take_found
from .graphs import is_emitted, walk
from .parity import compare, create_session, run_batches
from .swapped_classes import swap_back, swap_in
from .tasks import task_of

__all__ = ["rehearse"]

ROWS = 240
# Of so many rows one in ten may differ: steep steps, which a fit on all rows may not have.
_TOLERATED = 0.1
# Parameters that say how long a fit takes, and what of them shows the form of the model.
_LONGEST: Mapping[str, int] = {"n_estimators": 4, "max_iter": 20, "max_epochs": 1, "n_jobs": 1}
_SILENT: Mapping[str, Any] = {"verbose": 0, "memory": None}


def rehearse(model: Estimator, X: NDArray[np.float32], y: NDArray[Any] | None) -> None:
    """Refuse what could be fitted and would have no ONNX form.

    A copy that fails in its fit says nothing: it may need more rows.

    Parameters
    ----------
    model : estimator
        Prepared, not fitted; stays as it is.
    X, y : ndarray
        Training rows and targets.

    Raises
    ------
    ConversionError
        The copy has no ONNX form, or one that answers otherwise.

    """
    if is_exported(model) or not hasattr(model, "get_params"):
        return  # its own graph is its own affair
    members = list(walk(model))
    if len(members) == 1 and is_emitted(model):
        return
    rows = _choose(y, len(X))
    targets = () if y is None else (y[rows],)
    copy = _shorten(clone(model))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitted = _try_fit(copy, X[rows], targets)
        if fitted is not None:
            _check_form(model, take_found(fitted), X[rows])


def _choose(y: NDArray[Any] | None, n_rows: int) -> NDArray[np.intp]:
    """Take rows over all the time, of each class as many as there are, up to its share."""
    groups = [np.arange(n_rows)]
    if y is not None and np.issubdtype(y.dtype, np.integer):
        groups = [np.flatnonzero(y == each) for each in np.unique(y)]
    share = max(1, ROWS // len(groups))
    taken = [group[:: max(1, len(group) // share)][:share] for group in groups]
    return np.sort(np.concatenate(taken))


def _shorten(model: Estimator) -> Estimator:
    """Take away what makes a fit long: candidates of a search, iterations, words, caches."""
    if isinstance(model, SEARCHES):
        return _shorten(model.estimator)
    if isinstance(model, Pipeline) and isinstance(model.steps[-1][1], SEARCHES):
        model.steps = [*model.steps[:-1], (model.steps[-1][0], model.steps[-1][1].estimator)]
    for name, value in model.get_params(deep=True).items():
        key = name.rpartition("__")[2]
        if isinstance(value, SEARCHES):
            _set(model, name, value.estimator)
        elif key in _SILENT and value:
            _set(model, name, _SILENT[key])
        elif key in _LONGEST and isinstance(value, int) and value > _LONGEST[key]:
            _set(model, name, _LONGEST[key])
    return model


def _set(model: Estimator, name: str, value: object) -> None:
    try:
        model.set_params(**{name: value})
    except ValueError:  # a parameter of what was replaced, or of a frozen estimator
        return


def _try_fit(
    model: Estimator, X: NDArray[np.float32], targets: tuple[NDArray[Any], ...]
) -> Estimator | None:
    swap_in(list(walk(model)))
    try:
        model.fit(X, *targets)
    except Exception:  # whatever an estimator raises: the fit itself will say it
        return None
    finally:
        swap_back(list(walk(model)))
    return model


def _check_form(model: Estimator, fitted: Estimator, X: NDArray[np.float32]) -> None:
    task = task_of(fitted)
    classes = [int(each) for each in fitted.classes_] if task == "classification" else None
    session = create_session(convert(fitted, X.shape[1], classes))
    expected = ask_framework(fitted, X, task, classes)
    known = np.isfinite(expected.numbers).all(axis=1)
    try:
        found = compare(expected, run_batches(session, X, len(X), task), task)
    except ParityError as error:
        raise _other_answers(model, str(error)) from error
    n_other = int((found.outside & known).sum())
    if n_other > _TOLERATED * len(X):
        raise _other_answers(model, f"{n_other} of {len(X)} rows differ")


def _other_answers(model: Estimator, how: str) -> ConversionError:
    return ConversionError(
        f'Cannot convert estimator "{estimator_path(model)}" to ONNX: fitted on a few rows, its '
        f"ONNX form answers otherwise ({how}); use an estimator of docs/trainers.md"
    )
