"""Models that others fitted, on frames, sparse rows, names of labels: right or refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFECV
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

from ruvector._exceptions import (
    ClassesError,
    ConversionError,
    FewClassesError,
    MissingValuesError,
    NotAModelError,
    NotFittedModelError,
)
from ruvector._training.deployment import package_estimator
from ruvector._training.parity import create_session
from training_data import LABELS, make_dataset


def forest():
    return RandomForestClassifier(n_estimators=5, max_depth=5, random_state=0)


def logistic():
    return LogisticRegression(max_iter=500)


def columns(*transformers):
    return ColumnTransformer(list(transformers), remainder="passthrough")


def on_frame(model):
    return lambda X, y, names: model.fit(pd.DataFrame(X, columns=names), y)


def on_names(model):
    return lambda X, y, names: model.fit(X, np.asarray(LABELS)[y])


def on_sparse(model):
    return lambda X, y, names: model.fit(csr_matrix(X), y)


scaled = ("a", StandardScaler(), ["usage_percent", "feature_3"])
FITS = {
    "names of columns": on_frame(make_pipeline(columns(scaled), logistic())),
    "names of columns that a step gave": on_frame(
        make_pipeline(
            columns(scaled).set_output(transform="pandas"),
            columns(("b", MinMaxScaler(), ["a__usage_percent"])),
            logistic(),
        )
    ),
    "a selector of columns": on_frame(
        make_pipeline(columns(("a", StandardScaler(), make_column_selector("feature"))), logistic())
    ),
    "a search over columns": on_frame(
        GridSearchCV(
            make_pipeline(columns(scaled), logistic()), {"logisticregression__C": [1.0]}, cv=2
        )
    ),
    "votes over columns": on_frame(
        VotingClassifier(
            [("a", make_pipeline(columns(scaled), logistic())), ("b", forest())], voting="soft"
        )
    ),
    "a frame of pandas all along": on_frame(
        make_pipeline(SimpleImputer(), StandardScaler(), forest()).set_output(transform="pandas")
    ),
    "selected columns of a frame": on_frame(RFECV(forest(), cv=2)),
    "a frame of polars": lambda X, y, names: make_pipeline(StandardScaler(), forest()).fit(
        pl.DataFrame(dict(zip(names, X.T, strict=True))), y
    ),
    "names of labels": on_names(forest()),
    "names of labels in a stack": on_names(
        StackingClassifier([("a", forest()), ("b", make_pipeline(StandardScaler(), logistic()))])
    ),
    "sparse rows": on_sparse(make_pipeline(MaxAbsScaler(), logistic())),
    "sparse neighbours": on_sparse(KNeighborsClassifier()),
    "sparse weights": lambda X, y, names: logistic().fit(X, y).sparsify(),
    "float64": lambda X, y, names: forest().fit(X.astype(np.float64), y),
    "frozen members": lambda X, y, names: StackingClassifier(
        [("a", FrozenEstimator(forest().fit(X, y)))], logistic(), cv="prefit"
    ).fit(X, y),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", FITS)
def test_package_estimator_answers_as_its_owner_fitted_it_on(name):
    dataset = make_dataset(n=400)
    names = list(dataset.feature_names)
    model = FITS[name](dataset.X("train"), dataset.y("train"), names)
    package = package_estimator(model, "m", dataset)
    X = dataset.X("test")
    label, shares = create_session(package.model).run(None, {"X": X})
    rows = X
    if hasattr(model, "feature_names_in_"):
        frame = pl.DataFrame if "polars" in name else pd.DataFrame
        rows = frame(dict(zip(names, X.T, strict=True)))
    wanted = model.predict(rows)
    if wanted.dtype.kind in "OUT":
        wanted = np.asarray([LABELS.index(each) for each in wanted])
    best = np.sort(shares, axis=1)
    decided = best[:, -1] - best[:, -2] > 1e-4
    assert decided.mean() > 0.5
    assert (label == wanted)[decided].all()
    assert package.manifest["classes"] == [0, 1, 2, 3]
    assert (rows is X) == (not hasattr(model, "feature_names_in_"))


def half_fitted(X, y, names):
    pipeline = make_pipeline(StandardScaler(), logistic())
    pipeline.steps[-1][1].fit(X, y)
    return pipeline


def of_another_version(X, y, names):
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    del model._preprocessor
    return model


def without_a_parameter(X, y, names):
    model = forest().fit(X, y)
    del model.monotonic_cst
    return model


def with_categories(X, y, names):
    frame = pd.DataFrame(X, columns=names)
    frame["feature_7"] = pd.Categorical((frame["feature_7"] % 4).astype(int))
    return HistGradientBoostingClassifier(max_iter=3).fit(frame, y)


REFUSED = {
    "half fitted": (half_fitted, NotFittedModelError, "a part of it is not fitted"),
    "of another version": (of_another_version, NotAModelError, "another version"),
    "without a parameter": (without_a_parameter, NotAModelError, "another version"),
    "one class": (lambda X, y, n: forest().fit(X, y * 0), FewClassesError, "one class alone"),
    "truths": (lambda X, y, n: forest().fit(X, y == 3), ClassesError, "True and False"),
    "other names": (
        lambda X, y, n: forest().fit(X, np.asarray(list("abcd"))[y]),
        ClassesError,
        "train on dataset.y",
    ),
    "no refit": (
        lambda X, y, n: GridSearchCV(forest(), {"max_depth": [2]}, cv=2, refit=False).fit(X, y),
        ConversionError,
        "refit=True",
    ),
    "hard votes": (
        lambda X, y, n: VotingClassifier([("a", forest())]).fit(X, y),
        ConversionError,
        'voting="soft"',
    ),
    "decisions alone": (lambda X, y, n: LinearSVC().fit(X, y), NotAModelError, "predict_proba"),
    "no novelty": (lambda X, y, n: LocalOutlierFactor().fit(X), ConversionError, "novelty=True"),
    "a function": (
        lambda X, y, n: make_pipeline(FunctionTransformer(np.sin), logistic()).fit(X, y),
        ConversionError,
        "Python function",
    ),
    "categories": (with_categories, ConversionError, "categorical features"),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_package_estimator_refuses_what_is(name):
    make, error, words = REFUSED[name]
    dataset = make_dataset(n=200)
    model = make(dataset.X("train"), dataset.y("train"), list(dataset.feature_names))
    with pytest.raises(error, match=words):
        package_estimator(model, "m", dataset)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_package_estimator_refuses_a_model_that_takes_no_missing_values_the_host_has():
    dataset = make_dataset(n=200)
    model = logistic().fit(dataset.X("train"), dataset.y("train"))
    with pytest.raises(MissingValuesError, match=r"Cannot deploy .* have missing values"):
        package_estimator(model, "m", make_dataset(n=200, missing=0.05))


def test_package_estimator_keeps_the_threshold_of_a_frozen_model():
    dataset = make_dataset((0, 3), n=400)
    X, y = dataset.X("train"), dataset.y("train")
    model = FixedThresholdClassifier(
        FrozenEstimator(forest().fit(X, y)), threshold=0.3, pos_label=3
    ).fit(X, y)
    package = package_estimator(model, "m", dataset)
    label, _ = create_session(package.model).run(None, {"X": dataset.X("test")})
    assert (label == model.predict(dataset.X("test"))).all()
