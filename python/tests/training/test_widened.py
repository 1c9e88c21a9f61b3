"""What `ruvector.fit` takes beyond a single classifier: searches, stacks, encoders, boosting.

Each is fitted, exported and held to parity by `export_onnx`, which refuses a wrong graph; trees are
held on every threshold and one ulp beside it.
"""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import TensorProto, helper
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EllipticEnvelope
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC, OneClassSVM
from xgboost import XGBClassifier, XGBRegressor

from ruvector._exceptions import ConversionError, FeatureMismatchError
from ruvector._training.exporters import convert
from ruvector._training.fitting import fit_here as fit
from ruvector._training.graphs import Graph, emit
from ruvector._training.onnx_export import export_onnx
from ruvector._training.parity import create_session
from ruvector._training.swapped_classes import own_class, swap_back, swap_in
from ruvector._training.trees import read_trees
from training_data import make_dataset, make_timed_dataset

forest = RandomForestClassifier(n_estimators=8, max_depth=6)
linear = LogisticRegression(max_iter=2000)
scaled_linear = make_pipeline(StandardScaler(), linear)
imputer = SimpleImputer(strategy="median", add_indicator=True)
days = ColumnTransformer(
    [
        ("day", OneHotEncoder(handle_unknown="ignore"), ["day_of_week"]),
        ("scaled", make_pipeline(imputer, StandardScaler()), ["usage_percent", "feature_1"]),
        ("as it is", "passthrough", [2, 3]),
        ("away", "drop", [4]),
    ]
)

CLASSIFIERS = {
    "k-NN": make_pipeline(StandardScaler(), KNeighborsClassifier(7, weights="distance")),
    "naive Bayes": GaussianNB(),
    "quadratic": QuadraticDiscriminantAnalysis(),
    "network": make_pipeline(
        StandardScaler(), MLPClassifier((8,), max_iter=400, early_stopping=True)
    ),
    "AdaBoost": AdaBoostClassifier(n_estimators=8),
    "bagging": BaggingClassifier(n_estimators=4, max_features=0.7),
    "voting": VotingClassifier(
        [("a", forest), ("b", scaled_linear)], voting="soft", weights=[2, 1]
    ),
    "stacking": StackingClassifier([("a", forest), ("b", scaled_linear)], linear, cv=2),
    "stack with rows": StackingClassifier(
        [("a", HistGradientBoostingClassifier(max_iter=5))], linear, cv=2, passthrough=True
    ),
    "stacked forest": make_pipeline(
        SimpleImputer(), StackingClassifier([("a", linear)], forest, cv=2, passthrough=True)
    ),
    "sigmoid": CalibratedClassifierCV(forest, cv=2),
    "isotonic": CalibratedClassifierCV(forest, cv=2, method="isotonic"),
    "calibrated boosting": CalibratedClassifierCV(
        HistGradientBoostingClassifier(max_iter=5), cv=2, ensemble=False
    ),
    "calibrated SVC": make_pipeline(
        StandardScaler(), CalibratedClassifierCV(SVC(gamma=0.2), cv=2, ensemble=False)
    ),
    "calibrated linear": CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC()), cv=2),
    "grid": GridSearchCV(
        make_pipeline(StandardScaler(), forest),
        {"randomforestclassifier__max_depth": [2, 4]},
        cv=2,
    ),
    "random search": RandomizedSearchCV(linear, {"C": [0.1, 1.0]}, n_iter=2, cv=2),
    "columns": make_pipeline(days, linear),
    "sparse columns": make_pipeline(
        ColumnTransformer([("day", OneHotEncoder(handle_unknown="ignore"), [7])]), linear
    ),
    "ordinal": make_pipeline(
        ColumnTransformer([("day", OrdinalEncoder(), [7])], remainder="passthrough"), forest
    ),
    "target": make_pipeline(
        ColumnTransformer([("day", TargetEncoder(cv=3), [7])], remainder="passthrough"), linear
    ),
    "union": make_pipeline(FeatureUnion([("a", MinMaxScaler()), ("b", MaxAbsScaler())]), linear),
    "LightGBM": LGBMClassifier(n_estimators=8, num_leaves=7, verbose=-1, n_jobs=1),
    "LightGBM DART": LGBMClassifier(
        n_estimators=8, num_leaves=7, verbose=-1, n_jobs=1, boosting_type="dart"
    ),
    "XGBoost": XGBClassifier(n_jobs=1, n_estimators=8, max_depth=4),
    "XGBoost DART": XGBClassifier(
        n_jobs=1, n_estimators=8, max_depth=3, booster="dart", rate_drop=0.3
    ),
    "scaled XGBoost": make_pipeline(
        StandardScaler(), XGBClassifier(n_jobs=1, n_estimators=8, max_depth=4)
    ),
}
# Two classes are one number in their form of ONNX, or in what they hand on.
DIFFER_WITH_TWO = (
    "AdaBoost",
    "bagging",
    "stacking",
    "stack with rows",
    "isotonic",
    "calibrated SVC",
    "target",
    "LightGBM",
    "XGBoost",
)
TAKE_NAN = {
    "LightGBM",
    "LightGBM DART",
    "XGBoost",
    "XGBoost DART",
    "scaled XGBoost",
    "sigmoid",
    "isotonic",
    "calibrated boosting",
    "stacked forest",
}


def with_days(dataset):
    """Make the last column a category, a day of the week."""
    for split in ("train", "test"):
        X = dataset.X(split)
        X[:, 7] = np.arange(len(X)) % 7
    return dataset


NAMES = ("usage_percent", *(f"feature_{i}" for i in range(1, 7)), "day_of_week")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("name", "classes"),
    [*((name, (0, 1, 3)) for name in CLASSIFIERS), *((name, (0, 3)) for name in DIFFER_WITH_TWO)],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} classes",
)
def test_fit_takes_classifiers_whose_export_answers_the_same(name, classes):
    missing = {"missing": 0.03} if name in TAKE_NAN else {}
    dataset = with_days(make_dataset(classes, n=400, feature_names=NAMES, **missing))
    result = fit(clone(CLASSIFIERS[name]), dataset)
    package = export_onnx(result)
    assert result.task == "classification"
    assert package.parity.label_mismatches == 0
    assert package.manifest["classes"] == list(classes)
    assert package.parity.cases.get("nan", 0) == 24 or not missing


BOOSTED = {
    "LightGBM": LGBMClassifier(n_estimators=20, num_leaves=15, verbose=-1, n_jobs=1),
    "XGBoost": XGBClassifier(n_jobs=1, n_estimators=20, max_depth=5),
    "XGBoost exact": XGBClassifier(n_jobs=1, n_estimators=20, max_depth=5, tree_method="exact"),
    "gradient boosting": GradientBoostingClassifier(n_estimators=20),
    "AdaBoost": AdaBoostClassifier(n_estimators=20),
    "values of LightGBM": LGBMRegressor(n_estimators=20, num_leaves=15, verbose=-1, n_jobs=1),
    "values of XGBoost": XGBRegressor(n_jobs=1, n_estimators=20, max_depth=5),
    "values of a forest": RandomForestRegressor(n_estimators=8),
    "values of extra trees": ExtraTreesRegressor(n_estimators=8),
    "values of gradient boosting": GradientBoostingRegressor(n_estimators=20),
    "values of boosting": HistGradientBoostingRegressor(max_iter=20),
    "isolation": IsolationForest(n_estimators=20),
}


@pytest.mark.parametrize("name", BOOSTED)
@pytest.mark.parametrize("rows", ["far from 0", "around 0"])
def test_export_onnx_has_no_wrong_row_on_any_threshold_of(name, rows):
    dataset = make_timed_dataset(n=900)
    if rows == "around 0":
        for split in ("train", "test"):
            X = dataset.X(split)
            X[:, :2] -= 50
            X[np.abs(X) < 8] = 0
    result = fit(clone(BOOSTED[name]), dataset)
    features, thresholds = read_trees(result.model).thresholds()
    assert len(features) > 9
    X = np.repeat(result.train_rows[:1], 3 * len(features), axis=0)
    down, up = (np.nextafter(thresholds, np.float32(side)) for side in (-np.inf, np.inf))
    around = np.stack([down, thresholds, up], axis=1).ravel()
    X[np.arange(len(X)), np.repeat(features, 3)] = around
    session = create_session(convert(result.model, 8, result.classes or None))
    numbers = session.run(None, {"X": X})[-1]
    if result.task == "classification":
        wanted = result.model.predict_proba(X)
    elif result.task == "anomaly":
        wanted = -result.model.decision_function(X)
    else:
        wanted = result.model.predict(X)
    assert np.abs(numbers - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())


FORECASTS = {
    "linear": make_pipeline(RobustScaler(), LinearRegression()),
    "network": make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=200, early_stopping=True)
    ),
    "voting": VotingRegressor([("a", LinearRegression()), ("b", RandomForestRegressor(5))]),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", FORECASTS)
def test_fit_forecasts_available_memory_beside_persistence_and_trend(name):
    result = fit(FORECASTS[name], make_timed_dataset(n=400))
    package = export_onnx(result)
    assert package.manifest["task"] == "forecast"
    assert package.manifest["outputs"] == {"value": "value"}
    assert "labels" not in package.manifest
    baseline = result.metrics["baseline"]
    assert set(baseline) == {"persistence", "trend"}
    for scored in (result.metrics, *baseline.values()):
        low, high = scored["interval"]
        assert 0 <= low <= scored["mae"] <= high


DETECTORS = {
    "isolation": IsolationForest(n_estimators=20),
    "isolation of parts": IsolationForest(n_estimators=20, max_features=0.5, contamination=0.1),
    "local outliers": make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)),
    "one class": make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)),
    "envelope": EllipticEnvelope(),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_fit_learns_the_calm_rows_and_ranks_the_others_first(name):
    dataset = make_dataset(n=600)
    result = fit(DETECTORS[name], dataset)
    package = export_onnx(result)
    assert result.metrics["rows"]["train"] == int((dataset.y("train") == 0).sum())
    assert result.metrics["rocAuc"] > 0.6
    low, high = result.metrics["interval"]
    assert low <= result.metrics["averagePrecision"] <= high
    assert result.metrics["baseline"]["usageThreshold"]["rocAuc"] > 0.5
    label, score = create_session(package.model).run(None, {"X": dataset.X("test")})
    assert package.manifest["outputs"] == {"label": "label", "score": "score"}
    assert ((score > 0) == (label == 1)).all()
    assert ((result.model.predict(dataset.X("test")) == -1) == (label == 1)).mean() > 0.99


def test_fit_keeps_a_tuned_threshold_in_what_it_deploys():
    dataset = make_dataset((0, 1), n=800)
    rng = np.random.default_rng(2)
    for split in ("train", "test"):
        X = dataset.X(split)
        dataset.y(split)[:] = X[:, 0] + rng.normal(0, 15, len(X)) > 80
    search = TunedThresholdClassifierCV(
        make_pipeline(StandardScaler(), forest), scoring="balanced_accuracy", cv=3
    )
    result = fit(search, dataset, sample_weight=None)
    assert 0 < result.model.threshold < 1
    inner = result.model.estimator.predict_proba(dataset.X("test"))[:, 1]
    package = export_onnx(result)
    label, _ = create_session(package.model).run(None, {"X": dataset.X("test")})
    assert (label == (inner >= result.model.threshold)).all()
    plain = (inner >= 0.5).astype(int)
    assert (label != plain).any()


def test_fit_deploys_what_a_search_found():
    result = fit(CLASSIFIERS["grid"], make_dataset(n=400))
    assert result.estimator == "sklearn.pipeline.Pipeline"
    assert result.parameters["randomforestclassifier__max_depth"] == 4


def test_fit_gives_a_pipeline_encoded_targets_that_leak_nothing():
    rng = np.random.default_rng(0)
    dataset = make_dataset((0, 1), n=400)
    for split in ("train", "test"):
        X, y = dataset.X(split), dataset.y(split)
        X[:, 7] = np.arange(len(X)) % (len(X) // 2)  # two rows a category
        y[:] = rng.integers(0, 2, len(y))
    encoded = ColumnTransformer([("id", TargetEncoder(cv=5, smooth=0.01), [7])])
    model = fit(make_pipeline(encoded, linear), dataset).model
    train = model.predict(dataset.X("train")) == dataset.y("train")
    assert (
        train.mean() < 0.9
    )  # with the encoding of fit().transform() the fit would see its answers


@pytest.mark.parametrize(
    ("estimator", "why"),
    [
        (VotingClassifier([("a", forest)], voting="hard"), "hard votes"),
        (LGBMClassifier(linear_tree=True), "linear_tree"),
        (LGBMClassifier(objective="multiclassova"), "multiclassova"),
        (XGBClassifier(booster="gblinear"), "gblinear"),
        (XGBClassifier(num_parallel_tree=3), "num_parallel_tree"),
        (GradientBoostingClassifier(init=forest), "init"),
        (AdaBoostClassifier(linear), "trees"),
        (make_pipeline(StandardScaler(), SVC(kernel=np.dot)), "kernel"),
        (CalibratedClassifierCV(forest, method="temperature"), "temperature"),
        (LocalOutlierFactor(novelty=True, metric="cosine"), "Euclidean"),
        (LocalOutlierFactor(), "novelty=True"),
        (GridSearchCV(forest, {"max_depth": [2]}, refit=False), "refit"),
        (TunedThresholdClassifierCV(forest, response_method="decision_function"), "threshold"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_fit_refuses_before_it_fits_what_has_no_onnx_form(estimator, why):
    class Untouched(type(make_dataset())):
        def X(self, split):  # noqa: N802  the field's name
            raise AssertionError("the data was read before the estimator was refused")

    dataset = make_dataset()
    dataset.__class__ = Untouched
    with pytest.raises((ConversionError, TypeError), match=why):
        fit(estimator, dataset)


def test_fit_refuses_columns_the_host_does_not_compute():
    columns = ColumnTransformer([("a", StandardScaler(), ["swap_usage"])])
    with pytest.raises(FeatureMismatchError, match="swap_usage"):
        fit(make_pipeline(columns, linear), make_dataset())


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.RandomForestClassifier",
        "sklearn.MLPClassifier",
        "lightgbm.LGBMClassifier",
        "xgboost.XGBClassifier",
        "sklearn.IsolationForest",
    ],
)
def test_fit_gives_the_same_bytes_for_the_same_seed(name):
    dataset = make_dataset(n=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (export_onnx(fit(name, dataset, seed=5)).model for _ in range(2))
    assert first == second


def test_fit_gives_another_forest_for_another_seed():
    dataset = make_dataset(n=300)
    first, second = (
        export_onnx(fit("sklearn.RandomForestClassifier", dataset, seed=seed)).model
        for seed in (1, 2)
    )
    assert first != second


@given(
    st.sampled_from([1e6, 2.0**-99, 2.0**-126, 2.0**-140, 2.0**-149]).flatmap(
        lambda most: st.lists(st.floats(-most, most, width=32), min_size=6, max_size=30)
    ),
    st.sampled_from([StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler]),
)
@example([0.0] * 5 + [2.0**-149], StandardScaler)
@example([0.0] * 5 + [2.0**-149], MinMaxScaler)
@settings(max_examples=60, deadline=None)
def test_swap_in_makes_scalers_whose_onnx_form_gives_the_same_bits(values, kind):
    X = np.asarray(values, dtype=np.float32)[:, None]
    scaler = kind()
    swap_in([scaler])
    scaler.fit(X)
    swap_back([scaler])
    assert type(scaler) is kind
    graph = Graph()
    output = emit(graph, scaler, "X")
    info = helper.make_tensor_value_info
    whole = helper.make_graph(
        graph.nodes,
        "scaler",
        [info("X", TensorProto.FLOAT, [None, 1])],
        [info(output, TensorProto.FLOAT, [None, 1])],
        graph.constants,
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    actual = create_session(model.SerializeToString()).run(None, {"X": X})[0]
    assert (actual == scaler.transform(X)).all()


@pytest.mark.parametrize("model", [LogisticRegression(), Ridge(), StandardScaler()])
def test_swap_in_makes_classes_that_pickle_finds(model):
    model = clone(model)
    swap_in([model])
    kind = type(model)
    assert own_class(kind) is not kind
    assert type(pickle.loads(pickle.dumps(model))) is kind
    assert kind.__name__ == own_class(kind).__name__
