"""Parity on real rows: the 5,049 of the data set in this repository, 2,000 a model at least."""

import warnings

import pytest

from real_data import read_real_dataset
from ruvector._training.fitting import fit
from ruvector._training.onnx_export import export_onnx

NAMES = (
    "sklearn.RandomForestClassifier",
    "sklearn.LogisticRegression",
    "sklearn.KNeighborsClassifier",
    "sklearn.CalibratedClassifierCV",
    "sklearn.IsolationForest",
    "sklearn.LocalOutlierFactor",
    "sklearn.LinearRegression",
    "lightgbm.LGBMClassifier",
    "xgboost.XGBClassifier",
    "xgboost.XGBRegressor",
)


@pytest.fixture(scope="module")
def dataset():
    return read_real_dataset(exact_times=True)


@pytest.mark.parametrize("name", NAMES)
def test_export_onnx_answers_the_same_on_real_rows(name, dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = export_onnx(fit(name, dataset))
    assert package.parity.rows >= 2000
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff <= 1e-5
