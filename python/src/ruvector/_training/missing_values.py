"""Whether an estimator takes missing values, as its tags or its steps say."""

from __future__ import annotations

from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import get_tags

from .._untyped import Estimator

__all__ = ["accepts_nan"]


def accepts_nan(estimator: Estimator) -> bool:
    """Tell whether an estimator takes missing values; in a pipeline an imputer is enough.

    scikit-learn's own tag of a pipeline says no as soon as one later step takes none. What is made
    of estimators takes them when all of these do. An object without tags is asked nothing.
    """
    if isinstance(estimator, Pipeline):
        return _passes(step for _, step in estimator.steps)
    if isinstance(estimator, ColumnTransformer):
        return all(accepts_nan(step) for _, step, _ in estimator.transformers if not _is_name(step))
    if isinstance(estimator, FeatureUnion):
        return all(
            accepts_nan(step) for _, step in estimator.transformer_list if not _is_name(step)
        )
    if not hasattr(estimator, "__sklearn_tags__"):
        return True
    members = _members(estimator)
    if members:
        return all(accepts_nan(each) for each in members)
    return bool(get_tags(estimator).input_tags.allow_nan)


def _passes(steps: object) -> bool:
    for step in steps:  # type: ignore[attr-defined]
        if isinstance(step, SimpleImputer | KNNImputer):
            return True
        if not _is_name(step) and not accepts_nan(step):
            return False
        if isinstance(step, ColumnTransformer | FeatureUnion) and _imputes(step):
            return True
    return True


def _imputes(columns: Estimator) -> bool:
    """Tell whether no missing value comes out of what works on columns side by side."""
    if isinstance(columns, FeatureUnion):
        kept = [step for _, step in columns.transformer_list if step != "drop"]
        return all(not _is_name(step) and _ends_missing(step) for step in kept)
    return all(
        not _is_name(step) and _ends_missing(step) for _, step, _ in columns.transformers
    ) and not (_is_name(columns.remainder) and columns.remainder == "passthrough")


def _ends_missing(step: Estimator) -> bool:
    steps = [each for _, each in step.steps] if isinstance(step, Pipeline) else [step]
    return any(isinstance(each, SimpleImputer | KNNImputer | MissingIndicator) for each in steps)


def _is_name(step: object) -> bool:
    return step is None or isinstance(step, str)


def _members(estimator: Estimator) -> list[Estimator]:
    """Estimators that a meta-estimator fits on the same rows."""
    single = getattr(estimator, "estimator", None)
    several = getattr(estimator, "estimators", None)
    if isinstance(several, list):
        return [each for _, each in several if not _is_name(each)]
    return [single] if hasattr(single, "fit") and not isinstance(single, str | type) else []
