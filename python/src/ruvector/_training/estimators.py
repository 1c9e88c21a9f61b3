"""Estimators by name: ``"sklearn.RandomForestClassifier"`` or a dotted path inside scikit-learn.

A name comes from a command line or a job, so it is never used to import anything but the
classifier modules listed here.
"""

from __future__ import annotations

import difflib
import importlib
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from .._exceptions import UnknownEstimatorError, UnknownParameterError
from .._untyped import Estimator, JsonValue
from .registry import find_entry

__all__ = [
    "accepts_nan",
    "create_estimator",
    "describe_parameters",
    "estimator_path",
    "seed_estimator",
]

ALLOWED_MODULES = frozenset(
    {
        "sklearn.discriminant_analysis",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.neural_network",
        "sklearn.tree",
    }
)


def _random_forest() -> BaseEstimator:
    # Bounded depth and leaf size keep the ONNX near 1 MB and a decision in tens of microseconds.
    return RandomForestClassifier(n_estimators=60, max_depth=10, min_samples_leaf=3, n_jobs=1)


def _hist_gradient_boosting() -> BaseEstimator:
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=15, min_samples_leaf=10, learning_rate=0.1
    )


def _logistic_regression() -> BaseEstimator:
    # A host may lack a feature (no PSI, no swap): imputed here, native to the tree estimators.
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )


PRESETS: Mapping[str, Callable[[], BaseEstimator]] = {
    "sklearn.RandomForestClassifier": _random_forest,
    "sklearn.HistGradientBoostingClassifier": _hist_gradient_boosting,
    "sklearn.LogisticRegression": _logistic_regression,
}


def create_estimator(
    name: str, parameters: Mapping[str, Any] | None = None, *, seed: int = 0
) -> BaseEstimator:
    """Create an unfitted estimator by name.

    Parameters
    ----------
    name : str
        ``sklearn.RandomForestClassifier``, ``sklearn.HistGradientBoostingClassifier`` and
        ``sklearn.LogisticRegression`` come with defaults made for this product (the last as a
        pipeline that imputes and scales). Any other classifier, ``sklearn.ExtraTreesClassifier``
        or by its full path ``sklearn.ensemble.ExtraTreesClassifier``, has scikit-learn's own.
    parameters : mapping, optional
        Parameters of the estimator; in a pipeline, of its last step.
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
    entry = find_entry(name)
    preset = PRESETS.get(name) if entry is None else entry.create
    estimator = preset() if preset is not None else _import_classifier(name)()
    if parameters:
        target = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
        _check_parameters(name, target, parameters)
        target.set_params(**parameters)
    seed_estimator(estimator, seed)
    return estimator


def seed_estimator(estimator: Estimator, seed: int) -> None:
    """Give ``seed`` to every ``random_state`` that nobody set, in nested estimators too."""
    unset = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    estimator.set_params(**unset)


def _import_classifier(name: str) -> Callable[[], BaseEstimator]:
    module_name, _, class_name = name.rpartition(".")
    modules = sorted(ALLOWED_MODULES) if module_name == "sklearn" else [module_name]
    for candidate in modules:
        if candidate in ALLOWED_MODULES:
            module = importlib.import_module(candidate)
            found = getattr(module, class_name, None) if class_name in module.__all__ else None
            if isinstance(found, type) and is_classifier_class(found):
                return found
    raise UnknownEstimatorError(
        f'Cannot create estimator "{name}": it is not a scikit-learn classifier; '
        f"{_suggest(class_name)}"
    )


def _suggest(class_name: str) -> str:
    """Name near classifiers, whichever module they are in; without any the presets."""
    modules = [importlib.import_module(name) for name in sorted(ALLOWED_MODULES)]
    kinds = [(name, getattr(module, name)) for module in modules for name in module.__all__]
    by_lower = {
        name.lower(): f"sklearn.{name}"
        for name, kind in kinds
        if isinstance(kind, type) and is_classifier_class(kind)
    }
    wanted = class_name.lower()
    near = difflib.get_close_matches(wanted, by_lower, n=3)
    near += [name for name in by_lower if wanted and wanted in name and name not in near]
    if near:
        return (
            f"did you mean {' or '.join(chr(34) + by_lower[name] + chr(34) for name in near[:3])}?"
        )
    return f"use one of {', '.join(PRESETS)}"


def is_classifier_class(candidate: type) -> bool:
    """Tell whether a class is a scikit-learn classifier with default parameters."""
    try:
        # A deprecated one says so when it is created; here nobody asked for it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return issubclass(candidate, BaseEstimator) and is_classifier(candidate())
    except TypeError:  # abstract, or it needs arguments
        return False


def _check_parameters(name: str, estimator: BaseEstimator, parameters: Mapping[str, Any]) -> None:
    known = estimator.get_params(deep=False)
    problems = []
    for key in parameters:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            problems.append(f'"{key}"' + (f' (did you mean "{close[0]}"?)' if close else ""))
    if problems:
        raise UnknownParameterError(
            f'Cannot set parameters of estimator "{name}": it has no {", ".join(problems)}; '
            f"it has {', '.join(sorted(known))}"
        )


def accepts_nan(estimator: Estimator) -> bool:
    """Tell whether an estimator takes missing values; in a pipeline an imputer is enough.

    scikit-learn's own tag of a pipeline says no as soon as one later step takes none.
    """
    if not isinstance(estimator, Pipeline):
        return bool(get_tags(estimator).input_tags.allow_nan)
    for _, step in estimator.steps:
        if isinstance(step, SimpleImputer | KNNImputer):
            return True
        if step is not None and step != "passthrough" and not accepts_nan(step):
            return False
    return True


def estimator_path(estimator: object) -> str:
    """Public import path of an estimator, ``sklearn.ensemble.RandomForestClassifier``."""
    kind = type(estimator)
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])


def describe_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Build the JSON-safe parameters of an estimator; a pipeline also names its steps."""
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
