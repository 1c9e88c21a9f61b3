"""Names of features in the parameters of a model, which become numbers: rows come without names.

Only who sees the columns of the data set knows their names. What stands behind a step that makes
other columns is told that they have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from .._exceptions import FeatureMismatchError
from .._untyped import Estimator
from .graphs import walk

__all__ = ["number_columns"]

_Names = list[str] | None


def number_columns(model: Estimator, names: _Names) -> None:
    """Replace names of features by their numbers, in a model and all that it holds.

    Parameters
    ----------
    model : estimator
        Not fitted; changed in place.
    names : list of str or None
        Names of the columns it is given, in their order; None when they have none.

    Raises
    ------
    FeatureMismatchError
        It names columns that do not exist, or that have no names where it stands.

    """
    if isinstance(model, Pipeline):
        for _, step in model.steps:
            if _is_estimator(step):
                number_columns(step, names)
                names = names if _keeps_columns(step) else None
    elif isinstance(model, ColumnTransformer):
        _number_transformers(model, names)
    else:
        if isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
            _number_constraints(model, names)
        for member in _members(model):
            number_columns(member, names if _hands_on_columns(model, member) else None)


def _members(model: Estimator) -> list[Estimator]:
    own = list(walk(model))[1:]
    inner = {id(each) for member in own for each in list(walk(member))[1:]}
    return [each for each in own if id(each) not in inner]


def _hands_on_columns(model: Estimator, member: Estimator) -> bool:
    """Tell whether a member gets all the columns that the model gets."""
    if member is getattr(model, "final_estimator", None):
        return False
    share = getattr(model, "max_features", 1.0) if hasattr(model, "estimators_features_") else 1.0
    return bool(share == 1.0)


def _is_estimator(step: object) -> bool:
    return step is not None and not isinstance(step, str)


def _keeps_columns(step: Estimator) -> bool:
    is_plain_imputer = isinstance(step, SimpleImputer) and not step.add_indicator
    return isinstance(step, OneToOneFeatureMixin) or is_plain_imputer


def _number_transformers(model: Estimator, names: _Names) -> None:
    taken: set[int] = set()
    numbered = []
    for name, step, columns in model.transformers:
        numbers = _number(columns, names)
        numbered.append((name, step, numbers))
        own = _name_of(numbers, names)
        taken |= {names.index(each) for each in own or [] if names is not None}
        if _is_estimator(step):
            number_columns(step, own)
    model.transformers = numbered
    if _is_estimator(model.remainder):
        rest = None if names is None else [n for at, n in enumerate(names) if at not in taken]
        number_columns(model.remainder, rest)


def _name_of(numbers: Any, names: _Names) -> _Names:  # noqa: ANN401  whatever scikit-learn takes
    if names is None or callable(numbers):
        return None
    try:
        return [str(each) for each in np.atleast_1d(np.asarray(names)[numbers])]
    except (IndexError, TypeError):  # scikit-learn refuses them in its own words
        return None


def _number(columns: Any, names: _Names) -> Any:  # noqa: ANN401  whatever scikit-learn takes
    if callable(columns):
        return _ask(columns, names)
    if isinstance(columns, str):
        return _number([columns], names)[0]
    if isinstance(columns, slice):
        return _number_slice(columns, names)
    if not _are_names(columns):
        return columns
    return _find(list(columns), names)


def _are_names(columns: object) -> bool:
    is_list = isinstance(columns, Sequence | np.ndarray) or type(columns).__name__ == "Index"
    return is_list and len(columns) > 0 and all(isinstance(each, str) for each in columns)  # type: ignore[arg-type, attr-defined]


def _number_slice(columns: slice, names: _Names) -> slice:
    """Replace the ends of a slice by numbers; by names the last column belongs to it."""
    first, last = columns.start, columns.stop
    if isinstance(first, str):
        first = _find([first], names)[0]
    if isinstance(last, str):
        last = _find([last], names)[0] + 1
    return slice(first, last, columns.step)


def _find(wanted: list[str], names: _Names) -> list[int]:
    if names is None:
        raise FeatureMismatchError(
            f"Cannot take columns {', '.join(wanted)}: the step before them makes other columns, "
            "which have no names here; take them by number, or put this step first"
        )
    unknown = [each for each in wanted if each not in names]
    if unknown:
        raise FeatureMismatchError(
            f"Cannot take columns {', '.join(unknown)}: the host does not compute them; it "
            f"computes {', '.join(names)}"
        )
    return [names.index(each) for each in wanted]


def _ask(choose: Callable[[Any], Any], names: _Names) -> Any:  # noqa: ANN401
    """Ask a function for its columns, as make_column_selector() makes one: of a frame of them."""
    if names is None or find_spec("pandas") is None:
        return choose
    import pandas as pd

    frame = pd.DataFrame(np.zeros((1, len(names)), dtype=np.float32), columns=names)
    try:
        return _number(choose(frame), names)
    except FeatureMismatchError:
        raise
    except Exception as error:
        raise FeatureMismatchError(
            f"Cannot choose columns: the function for them failed on a frame of float32 with the "
            f"columns {', '.join(names)} ({type(error).__name__}: {error}); name them instead"
        ) from error


def _number_constraints(model: Estimator, names: _Names) -> None:
    """Replace names of features in what gradient boosting is told of them."""
    given = model.monotonic_cst
    if isinstance(given, Mapping):
        at = dict(zip(_find(list(given), names), given.values(), strict=True))
        model.monotonic_cst = [at.get(number, 0) for number in range(len(names or ()))]
