"""Estimators by name: ``"sklearn.RandomForestClassifier"`` or a dotted path inside scikit-learn.

A name comes from a command line or a job, so it is never used to import anything but the
modules listed here.
"""

from __future__ import annotations

import difflib
import importlib
import math
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_outlier_detector, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline

from .._exceptions import UnknownEstimatorError, UnknownParameterError
from .._parameters import MAPPING, takes, whole_number
from .._untyped import Estimator, JsonValue
from .presets import PRESETS
from .registry import find_entry
from .swapped_classes import own_class

__all__ = [
    "check_parameters",
    "create_estimator",
    "describe_parameters",
    "estimator_path",
    "seed_estimator",
]

ALLOWED_MODULES = frozenset(
    {
        "sklearn.calibration",
        "sklearn.covariance",
        "sklearn.discriminant_analysis",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.naive_bayes",
        "sklearn.neighbors",
        "sklearn.neural_network",
        "sklearn.svm",
        "sklearn.tree",
    }
)


@takes(parameters=MAPPING, seed=whole_number("a whole number of at least 0", 0))
def create_estimator(
    name: str, parameters: Mapping[str, Any] | None = None, *, seed: int = 0
) -> BaseEstimator:
    """Create an unfitted estimator by name.

    Parameters
    ----------
    name : str
        A short name such as ``sklearn.RandomForestClassifier`` has defaults made for this product:
        bounded trees, and a pipeline that imputes and scales where the estimator needs it. By its
        full path, ``sklearn.linear_model.LogisticRegression``, an estimator has scikit-learn's own.
        ``lightgbm.LGBMClassifier``, ``xgboost.XGBClassifier``, ``torch.MLP`` and ``keras.MLP``
        begin the names of the other frameworks.
    parameters : mapping, optional
        Parameters of the estimator named; in a pipeline, of that step.
    seed : int, default 0
        See :func:`seed_estimator`.

    Raises
    ------
    UnknownEstimatorError
        There is no such name.
    MissingPackageError
        The package of its framework is not installed.
    UnknownParameterError
        The estimator has no such parameters; all of them are named at once.

    """
    if not isinstance(name, str):
        raise UnknownEstimatorError(
            f"Cannot create estimator {name!r}: it is no name; pass one such as "
            "sklearn.RandomForestClassifier"
        )
    entry = find_entry(name)
    preset = PRESETS.get(name) if entry is None else entry.create
    estimator = preset() if preset is not None else _create(_import_class(name))
    if parameters:
        target = _target(name, estimator)
        check_parameters(name, target, parameters)
        target.set_params(**parameters)
    seed_estimator(estimator, seed)
    return estimator


def seed_estimator(estimator: Estimator, seed: int) -> None:
    """Give ``seed`` to every ``random_state`` that nobody set, in nested estimators too."""
    if not hasattr(estimator, "get_params"):
        return
    unset = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state"
        and value is None
        and not _is_frozen(estimator, name)
    }
    if unset:
        estimator.set_params(**unset)


def _is_frozen(estimator: Estimator, name: str) -> bool:
    """Tell whether a parameter lies within an estimator that is not fitted again."""
    parameters = estimator.get_params(deep=True)
    parts = name.split("__")[:-1]
    above = (parameters.get("__".join(parts[: at + 1])) for at in range(len(parts)))
    return isinstance(estimator, FrozenEstimator) or any(
        isinstance(each, FrozenEstimator) for each in above
    )


def _target(name: str, estimator: Estimator) -> Estimator:
    """Part of a preset that has the name: a step, or what a step calibrates."""
    wanted = name.rpartition(".")[2]
    while type(estimator).__name__ != wanted:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "estimator"):
            estimator = estimator.estimator
        else:
            break
    return estimator


def _import_class(name: str) -> type:
    module_name, _, class_name = name.rpartition(".")
    modules = sorted(ALLOWED_MODULES) if module_name == "sklearn" else [module_name]
    for candidate in modules:
        if candidate in ALLOWED_MODULES:
            module = importlib.import_module(candidate)
            found = getattr(module, class_name, None) if class_name in _names(module) else None
            if isinstance(found, type) and _is_usable(found):
                return found
    raise UnknownEstimatorError(
        f'Cannot create estimator "{name}": it is no classifier, outlier detector or regressor of '
        f"scikit-learn; {_suggest(class_name)}"
    )


def _names(module: ModuleType) -> list[str]:
    """Public names of a module of scikit-learn; one or two say no ``__all__``."""
    said = getattr(module, "__all__", None)
    if said is not None:
        return list(said)
    own = (name for name, value in vars(module).items() if isinstance(value, type))
    return [name for name in own if vars(module)[name].__module__ == module.__name__]


def _create(kind: type) -> Estimator:
    # A detector that answers only the rows it was fitted on can decide nothing.
    return kind(novelty=True) if kind is LocalOutlierFactor else kind()


def _suggest(class_name: str) -> str:
    """Name near estimators, whichever module they are in; without any the presets."""
    modules = [importlib.import_module(name) for name in sorted(ALLOWED_MODULES)]
    kinds = [(name, getattr(module, name)) for module in modules for name in _names(module)]
    by_lower = {
        name.lower(): f"sklearn.{name}"
        for name, kind in kinds
        if isinstance(kind, type) and _is_usable(kind)
    }
    wanted = class_name.lower()
    near = difflib.get_close_matches(wanted, by_lower, n=3)
    near += [name for name in by_lower if wanted and wanted in name and name not in near]
    near.sort(key=lambda name: not name.endswith("classifier"))  # most want one
    if near:
        return (
            f"did you mean {' or '.join(chr(34) + by_lower[name] + chr(34) for name in near[:3])}?"
        )
    return f"use one of {', '.join(PRESETS)}"


def _is_usable(candidate: type) -> bool:
    """Tell whether a class of scikit-learn has a task and default parameters."""
    try:
        # A deprecated one says so when it is created; here nobody asked for it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not issubclass(candidate, BaseEstimator):
                return False
            estimator = _create(candidate)
            kinds = (is_classifier, is_outlier_detector, is_regressor)
            return any(is_kind(estimator) for is_kind in kinds)
    except TypeError:  # abstract, or it needs arguments
        return False


def check_parameters(name: str, estimator: Estimator, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that an estimator does not have, all at once."""
    known = estimator.get_params(deep=True)
    problems = []
    for key in parameters:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            problems.append(f'"{key}"' + (f' (did you mean "{close[0]}"?)' if close else ""))
    if problems:
        raise UnknownParameterError(
            f'Cannot set parameters of estimator "{name}": it has no {", ".join(problems)}; '
            f"it has {', '.join(sorted(estimator.get_params(deep=False)))}"
        )


def estimator_path(estimator: object) -> str:
    """Public import path of an estimator, ``sklearn.ensemble.RandomForestClassifier``."""
    kind = own_class(type(estimator))
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])


def describe_parameters(estimator: Estimator) -> dict[str, Any]:
    """Build the JSON-safe parameters of an estimator; a pipeline also names its steps."""
    if not hasattr(estimator, "get_params"):
        return {}  # an object that follows no convention of scikit-learn
    parameters = estimator.get_params(deep=True)
    if not isinstance(estimator, Pipeline):
        return {key: _json_safe(value) for key, value in sorted(parameters.items())}
    described = {key: _json_safe(value) for key, value in sorted(parameters.items()) if "__" in key}
    return {"steps": [estimator_path(step) for _, step in estimator.steps], **described}


def _json_safe(value: JsonValue) -> JsonValue:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _json_safe(item) for key, item in value.items()}
    return repr(value)
