"""Columns of very different sizes, as hosts have them: bytes, shares, counters, outliers."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    BayesianRidge,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC, LinearSVR

from ruvector._training.estimators import create_estimator
from ruvector._training.fitting import fit_here as fit
from ruvector._training.onnx_export import export_onnx
from training_data import MemoryDataset

CLASSIFIERS = {
    "naive Bayes": GaussianNB(),
    "discriminant": LinearDiscriminantAnalysis(),
    "logistic": LogisticRegression(),
    "logistic over folds": LogisticRegressionCV(),
    "one against the rest": OneVsRestClassifier(LogisticRegression()),
    "calibrated SVC": CalibratedClassifierCV(LinearSVC()),
    "calibrated descent": CalibratedClassifierCV(SGDClassifier()),
    "calibrated perceptron": CalibratedClassifierCV(Perceptron()),
    "calibrated ridge": CalibratedClassifierCV(RidgeClassifier()),
    "calibrated logistic": CalibratedClassifierCV(LogisticRegression()),
}


def make_uneven(seed):
    """Build rows whose columns differ by up to seventeen powers of ten."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(150, 500)), int(rng.integers(4, 20))
    X = np.stack([_column(rng, n) for _ in range(d)], axis=1).astype(np.float32)
    scaled = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    score = scaled @ rng.normal(size=d) + rng.normal(size=n) * 0.3
    edges = np.linspace(0, 1, int(rng.integers(3, 6)))[1:-1]
    y = np.digitize(score, np.quantile(score, edges)).astype(np.int64)
    cut = n * 3 // 4
    return MemoryDataset({"train": (X[:cut], y[:cut]), "test": (X[cut:], y[cut:])})


def _column(rng, n):
    base = rng.normal(size=n)
    match int(rng.integers(6)):
        case 0:
            return base * 10.0 ** rng.integers(-6, 12)
        case 1:
            return np.cumsum(rng.random(n)) * 10.0 ** rng.integers(0, 9)
        case 2:
            return np.where(rng.random(n) < 0.95, 0, base)
        case 3:
            return 50 + base * 1e-5
        case 4:
            return np.where(np.arange(n) == 7, 1e6, 50 + base)
        case _:
            return 1.7e9 + np.arange(n)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_fit_gives_what_answers_the_same_in_onnx(name, seed):
    package = export_onnx(fit(CLASSIFIERS[name], make_uneven(seed)))
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff <= 1e-5


REGRESSORS = {
    "linear": LinearRegression(),
    "linear by its name": "sklearn.LinearRegression",
    "ridge": Ridge(),
    "lasso": Lasso(),
    "Bayesian ridge": BayesianRidge(),
    "Huber": HuberRegressor(),
    "support vectors": LinearSVR(),
}


def make_uneven_forecast(seed):
    """Build such rows a second apart, with the available memory that is to be foretold."""
    dataset = make_uneven(seed)
    names = [f"feature_{at}" for at in range(dataset.X("train").shape[1])]
    names[0], names[2] = "usage_percent", "available_percent"
    dataset.feature_names = tuple(names)
    dataset.meta = {**dataset.meta, "horizonMs": 30_000}
    rng = np.random.default_rng(seed)
    cut = len(dataset.X("train"))
    times = {"train": np.arange(cut), "gap": np.zeros(0)}
    times["test"] = np.arange(cut, cut + len(dataset.X("test")))
    for split in ("train", "test"):
        wave = 50 + 30 * np.sin(times[split] / 40)
        dataset.X(split)[:, 2] = wave + rng.normal(size=len(wave))
    dataset.timestamps = lambda split: (times[split] * 1000).astype(np.int64)
    return dataset


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("name", REGRESSORS)
def test_fit_gives_a_forecast_that_answers_the_same_in_onnx(name, seed):
    package = export_onnx(fit(REGRESSORS[name], make_uneven_forecast(seed)))
    assert package.parity.max_abs_diff <= 1e-5


@pytest.mark.parametrize("seed", range(2))
def test_fit_gives_naive_bayes_shares_that_sum_to_one_far_from_what_it_saw(seed):
    rng = np.random.default_rng(seed)

    def rows(n):
        """Two classes that differ in one column; each of the others has an outlier, far away."""
        y = np.tile([0, 3], n // 2)
        X = np.repeat(rng.normal(50, 1, (n // 2, 40)), 2, axis=0).astype(np.float32)
        X[:2, 1:] = 5000
        X[:, 0] = rng.normal(y, 2)
        return X, y

    dataset = MemoryDataset({"train": rows(4000), "test": rows(400)})
    package = export_onnx(fit(create_estimator("sklearn.GaussianNB"), dataset))
    assert package.parity.max_abs_diff <= 1e-6


@pytest.mark.filterwarnings("ignore")
def test_fit_calibrates_where_a_fold_lacks_a_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 80)
    y[:3] = 3
    X = (rng.normal(size=(240, 5)) + y[:, None]).astype(np.float32)
    order = rng.permutation(240)
    rows = (X[order], y[order])
    folds = CalibratedClassifierCV(
        LogisticRegression(),
        cv=[
            (np.flatnonzero(rows[1] != 3), np.arange(0, 240, 2)),
            (np.arange(240), np.arange(1, 240, 2)),
        ],
    )
    model = fit(folds, MemoryDataset({"train": rows, "test": rows}))
    lacking = model.model.calibrated_classifiers_[0].estimator.classes_
    assert list(lacking) == [0, 1, 2]
    assert export_onnx(model).parity.max_abs_diff <= 1e-5
