"""Weights of rows by their class, for every kind of model that passes them on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import metadata_routing
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from .._untyped import Estimator
from .found_models import SEARCHES, THRESHOLDS

__all__ = ["balance"]


def balance(model: Estimator, y: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Weight rows inversely to the frequency of their class, as arguments of ``model.fit``.

    Empty when the model is no classifier, takes no weights or already has a ``class_weight``.
    """
    parameter = None if _weighs_classes(model) else _weight_parameter(model)
    if parameter is None or not _classifies(model):
        return {}
    return {parameter: np.asarray(compute_sample_weight("balanced", y), dtype=np.float64)}


def _classifies(model: Estimator) -> bool:
    return not hasattr(model, "__sklearn_tags__") or is_classifier(model)


def _weighs_classes(model: Estimator) -> bool:
    if not hasattr(model, "get_params"):
        return False
    return any(
        name.rpartition("__")[2] == "class_weight" and value is not None
        for name, value in model.get_params(deep=True).items()
    )


def _weight_parameter(model: Estimator) -> str | None:
    """Name under which ``fit`` takes weights; None when one it hands them to takes none."""
    if get_config()["enable_metadata_routing"]:
        return _routed_parameter(model)
    if isinstance(model, Pipeline):
        name, last = model.steps[-1]
        inner = _weight_parameter(last)
        return None if inner is None else f"{name}__{inner}"
    if isinstance(model, THRESHOLDS):
        return None  # without routing of metadata it passes nothing on
    if isinstance(model, SEARCHES):
        return _weight_parameter(model.estimator)
    if isinstance(model, VotingClassifier | StackingClassifier):
        members = [each for _, each in model.estimators if not isinstance(each, str)]
        final = getattr(model, "final_estimator", None)
        members += [] if final is None else [final]  # an ensemble of nothing is false
        takes = all(_weight_parameter(each) == "sample_weight" for each in members)
        return "sample_weight" if takes else None
    if isinstance(model, CalibratedClassifierCV) and model.estimator is not None:
        return _weight_parameter(model.estimator) and (
            "sample_weight" if has_fit_parameter(model.estimator, "sample_weight") else None
        )
    takes = hasattr(model, "fit") and has_fit_parameter(model, "sample_weight")
    return "sample_weight" if takes else None


def _routed_parameter(model: Estimator) -> str | None:
    """Name of the weights when metadata is routed: whoever wants them has said so."""
    try:
        wanted = metadata_routing.get_routing_for_object(model).consumes("fit", ["sample_weight"])
    except (AttributeError, TypeError, ValueError):
        return None
    return "sample_weight" if wanted else None
