"""Parity on real rows: the 5,049 of the data set in this repository, 2,000 a model at least."""

import warnings

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from real_data import read_real_dataset
from ruvector._training.fitting import fit_here as fit
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


def test_export_onnx_answers_the_same_where_one_hot_columns_stand_beside_extremes(dataset):
    days = ("day", OneHotEncoder(handle_unknown="ignore"), ["day_of_week"])
    others = [name for name in dataset.feature_names if name != "day_of_week"]
    columns = ColumnTransformer([days, ("scaled", StandardScaler(), others)])
    package = export_onnx(fit(make_pipeline(columns, LogisticRegression(max_iter=300)), dataset))
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff <= 1e-5
