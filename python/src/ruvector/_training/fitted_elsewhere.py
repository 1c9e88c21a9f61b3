"""A model that was fitted by somebody else: what it may be, and how it is brought to plain rows.

Others fit on data frames, sparse matrices and names of labels. The host has rows of float32.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError

from .._exceptions import (
    ClassesError,
    FeatureMismatchError,
    FewClassesError,
    NotAModelError,
    NotFittedModelError,
)
from .._untyped import Estimator
from .exporters import is_exported
from .fit_checks import check_answers_rows, check_missing
from .found_models import take_found
from .graphs import Graph, check_convertible, emit, emits, walk
from .labelled_dataset import LabelledDataset
from .targets import take_test_rows
from .tasks import task_of

__all__ = ["take_fitted"]


class NamedClassesClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier fitted on names of labels, with their indices for classes.

    Parameters
    ----------
    estimator : estimator
        Fitted, with ``predict_proba``.
    indices : list of int
        Label index of each of its classes.

    """

    def __init__(self, estimator: Estimator, indices: list[int]) -> None:
        self.estimator = estimator
        self.indices = indices

    @property
    def classes_(self) -> NDArray[np.int64]:
        """Label index of each column, in order."""
        return np.sort(np.asarray(self.indices, dtype=np.int64))

    @property
    def order(self) -> NDArray[np.intp]:
        """Column of the estimator that each column is."""
        return np.argsort(np.asarray(self.indices))

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities by label index, shape (n, classes)."""
        return np.asarray(self.estimator.predict_proba(X), dtype=np.float64)[:, self.order]

    def predict(self, X: NDArray[Any]) -> NDArray[np.int64]:
        """Label index of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


@emits(NamedClassesClassifier)
def _emit_named(graph: Graph, model: Estimator, X: str) -> str:
    return graph.columns(emit(graph, model.estimator, X), model.order)


def take_fitted(model: Estimator, dataset: LabelledDataset) -> Estimator:
    """Return a copy that takes plain rows and answers with label indices.

    Parameters
    ----------
    model : estimator
        Fitted by its owner; stays as it is.
    dataset : LabelledDataset
        Data set it is for.

    Raises
    ------
    FeatureMismatchError
        It was fitted on other columns, or on the same in another order.
    NotFittedModelError, NotAModelError
        A part of it is not fitted, or it does not answer rows.
    ConversionError
        It has no ONNX form.
    MissingValuesError
        Rows of the data set have missing values and it takes none.
    ClassesError, FewClassesError
        Its classes are no labels, or there is one alone.

    """
    _check_columns(model, dataset)
    if not is_exported(model):
        check_convertible(walk(model, fitted=False), at="deploy")
    check_answers_rows(model, at="deploy")
    found = take_found(_without_names(model))
    X = take_test_rows(dataset, task_of(found))[0]
    check_missing(found, X, dataset.feature_names, at="deploy")
    _check_answers(found, X[:1])
    if task_of(found) != "classification":
        return found
    return _with_indices(found, tuple(dataset.labels))


def _check_columns(model: Estimator, dataset: LabelledDataset) -> None:
    wanted = list(dataset.feature_names)
    names = getattr(model, "feature_names_in_", None)
    if names is not None and list(names) != wanted:
        raise FeatureMismatchError(
            f"Cannot deploy {type(model).__name__}: it was fitted on columns "
            f"{', '.join(map(str, names))}, the host computes {', '.join(wanted)}; fit on exactly "
            "these, in this order"
        )
    if getattr(model, "n_features_in_", len(wanted)) != len(wanted):
        raise FeatureMismatchError(
            f"Cannot deploy {type(model).__name__}: it was fitted on {model.n_features_in_} "
            f"features, the host computes {len(wanted)}: {', '.join(wanted)}; fit on all of them"
        )


def _without_names(model: Estimator) -> Estimator:
    """Copy that knows columns by number and holds no sparse matrix."""
    plain = copy.deepcopy(model)
    for each in walk(plain):
        state = each.__dict__
        state.pop("_sklearn_output_config", None)
        if isinstance(each, ColumnTransformer) and "transformers_" in state:
            at = each._transformer_to_input_indices
            each.transformers_ = [(name, step, at[name]) for name, step, _ in each.transformers_]
        state.pop("feature_names_in_", None)
        for name in ("coef_", "_fit_X"):
            if issparse(state.get(name)):
                state[name] = state[name].toarray()
    return plain


def _check_answers(model: Estimator, X: NDArray[np.float32]) -> None:
    """Ask for one row: what is fitted in part, or was saved by another version, fails here."""
    method = {"classification": "predict_proba", "anomaly": "decision_function"}
    try:
        if isinstance(model, BaseEstimator):
            model.get_params(deep=True)  # those of an older version may lack some
        getattr(model, method.get(task_of(model), "predict"))(X)
    except NotFittedError as error:
        raise NotFittedModelError(
            f"Cannot deploy {type(model).__name__}: a part of it is not fitted "
            f"({str(error).split('. ')[0]}); call fit() of the whole"
        ) from error
    except Exception as error:  # whatever the model raises
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise NotAModelError(
            f"Cannot deploy {type(model).__name__}: it does not answer a row of the data set "
            f"({type(error).__name__}: {reason}); if another version of its library saved it, fit "
            "it again with this one, and fit on rows of client.dataset()"
        ) from error


def _with_indices(model: Estimator, labels: tuple[str, ...]) -> Estimator:
    """Put label indices for classes that are the names of labels."""
    classes = np.asarray(getattr(model, "classes_", ())).tolist()
    if len(classes) == 1:
        raise FewClassesError(
            f'Cannot deploy {type(model).__name__}: it knows one class alone, "{classes[0]}"; fit '
            "it on rows of several"
        )
    if any(isinstance(each, bool) for each in classes):
        raise ClassesError(
            f"Cannot deploy {type(model).__name__}: its classes are True and False, which say no "
            f"label; fit it on dataset.y(), or on names of labels ({', '.join(labels)})"
        )
    if not classes or not all(isinstance(each, str) and each in labels for each in classes):
        return model  # indices, or what its score refuses
    return NamedClassesClassifier(model, [labels.index(each) for each in classes])
