"""Make a model ready for its fit: create or copy it, seed it, refuse what has no ONNX form."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from .._exceptions import FeatureMismatchError, UnknownParameterError
from .._untyped import Estimator
from .estimators import check_parameters, create_estimator, estimator_path, seed_estimator
from .exporters import is_exported
from .fit_checks import check_answers_rows, check_estimator
from .graphs import check_convertible, walk
from .labelled_dataset import DescribedDataset, window_of
from .named_columns import number_columns
from .registry import load_framework_of

__all__ = ["prepare"]


def prepare(
    estimator: Estimator | str,
    dataset: DescribedDataset,
    parameters: Mapping[str, Any],
    seed: int,
) -> Estimator:
    """Return an unfitted model of its own, seeded, that has an ONNX form.

    Parameters
    ----------
    estimator : estimator or str
        Given by name or as an object, which stays as it is.
    dataset : DescribedDataset
        Names of its features stand for columns; a model of windows takes their shape from it.
    parameters : mapping
        Parameters of the estimator.
    seed : int
        For every ``random_state`` that is not set.

    """
    if isinstance(estimator, str):
        model = create_estimator(estimator, parameters, seed=seed)
    else:
        check_estimator(estimator)
        model = _copy(estimator, parameters)
        seed_estimator(model, seed)
    members = list(walk(model))
    for member in members:
        load_framework_of(member)
        _take_window(member, dataset)
        _keep_float32(member)
    number_columns(model, list(dataset.feature_names))
    if not is_exported(model):
        check_convertible(walk(model, fitted=False))
    check_answers_rows(model)
    return model


def _copy(estimator: Estimator, parameters: Mapping[str, Any]) -> Estimator:
    if not hasattr(estimator, "get_params"):
        if parameters:
            raise UnknownParameterError(
                f"Cannot set parameters of {type(estimator).__name__}: it has no set_params(); "
                "create it with the wanted ones"
            )
        return copy.deepcopy(estimator)
    model = clone(estimator)
    check_parameters(estimator_path(model), model, parameters)
    if parameters:
        model.set_params(**parameters)  # a frozen estimator returns nothing
    return model


def _take_window(model: Estimator, dataset: DescribedDataset) -> None:
    """Tell a model of windows their shape, (steps, features of a step), unless it was given one."""
    window = window_of(dataset)
    if window is None and getattr(model, "needs_window", False):
        raise FeatureMismatchError(
            f'Cannot fit estimator "{estimator_path(model)}" on data set "{dataset.id}": it looks '
            "at windows of the history and the rows hold none; pass "
            'client.dataset(window={"steps": 16, "every_ms": 1000})'
        )
    if window is None or not hasattr(model, "get_params"):
        return
    if "window" in model.get_params(deep=False) and model.window is None:
        steps = int(window["steps"])
        model.set_params(window=(steps, len(dataset.feature_names) // steps))


def _keep_float32(model: Estimator) -> None:
    """Codes of categories are float64 by default, and make what stands beside them float64."""
    if isinstance(model, OneHotEncoder | OrdinalEncoder) and model.dtype is np.float64:
        model.set_params(dtype=np.float32)
