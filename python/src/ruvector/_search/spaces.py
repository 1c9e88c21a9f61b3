"""What is tried of each estimator, unless the caller says otherwise.

Bounds keep models small enough to decide in microseconds: none may win by a thousand trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._untyped import Estimator

__all__ = ["Space", "Suggest", "default_space", "prefixed"]

Suggest = Any
"""What a space is handed: ``suggest_int``, ``suggest_float``, ``suggest_categorical`` of Optuna."""

Space = Callable[[Suggest], Mapping[str, Any]]


def _forest(trial: Suggest) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 20, 120, step=20),
        "max_depth": trial.suggest_int("max_depth", 4, 14),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 30, log=True),
        "max_features": trial.suggest_categorical("max_features", ["sqrt", 0.3, 0.6, 1.0]),
    }


def _tree(trial: Suggest) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 2, 14),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 50, log=True),
    }


def _histogram_boosting(trial: Suggest) -> dict[str, Any]:
    return {
        "max_iter": trial.suggest_int("max_iter", 20, 200, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 63, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 60, log=True),
        "l2_regularization": trial.suggest_float("l2_regularization", 1e-4, 10, log=True),
    }


def _boosting(trial: Suggest) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 20, 200, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 6),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
    }


def _lightgbm(trial: Suggest) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 20, 200, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 5, 60, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-4, 10, log=True),
    }


def _xgboost(trial: Suggest) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 20, 200, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 8),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 20, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 10, log=True),
    }


def _linear(trial: Suggest) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-3, 100, log=True)}


def _support_vectors(trial: Suggest) -> dict[str, Any]:
    return {
        "C": trial.suggest_float("C", 1e-2, 100, log=True),
        "gamma": trial.suggest_float("gamma", 1e-4, 1, log=True),
    }


def _neighbours(trial: Suggest) -> dict[str, Any]:
    return {
        "n_neighbors": trial.suggest_int("n_neighbors", 1, 60, log=True),
        "weights": trial.suggest_categorical("weights", ["uniform", "distance"]),
    }


def _perceptron(trial: Suggest) -> dict[str, Any]:
    width = trial.suggest_int("width", 8, 128, log=True)
    return {
        "hidden_layer_sizes": (width,) * trial.suggest_int("layers", 1, 2),
        "alpha": trial.suggest_float("alpha", 1e-6, 1e-1, log=True),
        "learning_rate_init": trial.suggest_float("learning_rate_init", 1e-4, 1e-2, log=True),
    }


def _network(trial: Suggest) -> dict[str, Any]:
    return {
        "hidden": trial.suggest_int("hidden", 16, 128, log=True),
        "layers": trial.suggest_int("layers", 1, 3),
        "learning_rate": trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "batch_size": trial.suggest_categorical("batch_size", [64, 128, 256]),
    }


def _isolation(trial: Suggest) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 40, 200, step=40),
        "max_samples": trial.suggest_float("max_samples", 0.1, 1.0),
        "max_features": trial.suggest_float("max_features", 0.5, 1.0),
    }


def _outlier_factor(trial: Suggest) -> dict[str, Any]:
    return {"n_neighbors": trial.suggest_int("n_neighbors", 5, 80, log=True)}


def _ridge(trial: Suggest) -> dict[str, Any]:
    return {"alpha": trial.suggest_float("alpha", 1e-3, 1e3, log=True)}


def _naive_bayes(trial: Suggest) -> dict[str, Any]:
    return {"var_smoothing": trial.suggest_float("var_smoothing", 1e-10, 1e-2, log=True)}


#: By how the name of the class begins, the first that fits.
_SPACES: tuple[tuple[str, Space], ...] = (
    ("RandomForest", _forest),
    ("ExtraTrees", _forest),
    ("DecisionTree", _tree),
    ("ExtraTree", _tree),
    ("HistGradientBoosting", _histogram_boosting),
    ("GradientBoosting", _boosting),
    ("LGBM", _lightgbm),
    ("XGB", _xgboost),
    ("LogisticRegression", _linear),
    ("LinearSVC", _linear),
    ("SVC", _support_vectors),
    ("SVR", _support_vectors),
    ("KNeighbors", _neighbours),
    ("MLP", _perceptron),
    ("IsolationForest", _isolation),
    ("LocalOutlierFactor", _outlier_factor),
    ("Ridge", _ridge),
    ("Lasso", _ridge),
    ("ElasticNet", _ridge),
    ("GaussianNB", _naive_bayes),
    ("Torch", _network),
    ("Keras", _network),
)


def default_space(last: Estimator) -> Space | None:
    """Space of an estimator by its class; None when nothing is known to try.

    Parameters
    ----------
    last : estimator
        In a pipeline, its last step. Only parameters it has are tried.

    """
    name = type(last).__name__
    known = set(last.get_params(deep=False)) if hasattr(last, "get_params") else set()
    space = next((space for prefix, space in _SPACES if name.startswith(prefix)), None)
    if space is None:
        return None
    return lambda trial: {key: value for key, value in space(trial).items() if key in known}


class _Prefixed:
    """A trial whose parameters carry the estimator's name: two estimators may both have a ``C``."""

    def __init__(self, trial: Suggest, prefix: str) -> None:
        self._trial = trial
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a method of Optuna's trial
        found = getattr(self._trial, name)
        if not name.startswith("suggest_"):
            return found
        return lambda key, *args, **kwargs: found(f"{self._prefix}.{key}", *args, **kwargs)


def prefixed(trial: Suggest, name: str) -> Suggest:
    """Trial for the space of one estimator of several."""
    return _Prefixed(trial, name)
