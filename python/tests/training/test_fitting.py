import time

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ruvector._exceptions import (
    ClassesError,
    FewClassesError,
    FewRowsError,
    MissingValuesError,
    UnknownEstimatorError,
    UnknownParameterError,
)
from ruvector._training.estimators import create_estimator, describe_parameters, estimator_path
from ruvector._training.fitting import fit_here as fit
from ruvector._training.measurement import measure
from training_data import LABELS, MemoryDataset, make_dataset


def small_forest(**parameters):
    return RandomForestClassifier(n_estimators=10, max_depth=6, random_state=0, **parameters)


def test_fit_measures_on_the_test_split_beside_both_baselines():
    result = fit(small_forest(), make_dataset())
    assert result.macro_f1 > result.baselines["majority"]["macroF1"] + 0.3
    assert result.macro_f1 > result.baselines["usageThreshold"]["macroF1"]
    assert result.confusion_matrix.sum() == 150
    assert result.metrics["averagedOver"] == list(LABELS)
    assert result.dataset.rows == 600
    assert sum(result.class_counts.values()) == 600
    assert list(result.class_counts) == list(LABELS)


def test_fit_says_when_the_fit_returned_on_the_monotonic_clock():
    before = time.monotonic_ns()
    result = fit(small_forest(), make_dataset())
    assert before < result.fit_returned_monotonic_ns < time.monotonic_ns()
    assert 0 < result.fit_seconds < 60


def test_fit_leaves_the_given_estimator_unfitted():
    estimator = small_forest()
    fit(estimator, make_dataset())
    assert not hasattr(estimator, "estimators_")


def test_fit_works_with_three_of_four_classes():
    result = fit(small_forest(), make_dataset(classes=(0, 1, 3)))
    assert result.classes == (0, 1, 3)
    assert result.confusion_matrix[2].tolist() == [0, 0, 0, 0]
    assert result.metrics["averagedOver"] == [LABELS[0], LABELS[1], LABELS[3]]


def test_fit_counts_a_class_that_only_the_test_split_shows():
    dataset = make_dataset(classes=(0, 1))
    dataset.y("test")[:5] = 3
    result = fit(small_forest(), dataset)
    assert result.classes == (0, 1)
    assert LABELS[3] in result.metrics["averagedOver"]
    assert result.metrics["perClass"][3]["f1"] == 0.0


@pytest.mark.parametrize(
    "estimator",
    [
        small_forest(),
        HistGradientBoostingClassifier(max_iter=5),
        make_pipeline(
            SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression()
        ),
    ],
    ids=["forest", "boosting", "linear"],
)
def test_fit_takes_missing_values_and_features_the_host_never_has(estimator):
    result = fit(estimator, make_dataset(missing=0.05, absent=(3,)))
    assert result.macro_f1 > 0.5


def test_fit_refuses_missing_values_by_name_when_the_estimator_takes_none():
    with pytest.raises(MissingValuesError, match=r"features feature_3 have missing.*SimpleImputer"):
        fit(LogisticRegression(), make_dataset(absent=(3,)))


def test_fit_refuses_too_few_rows_and_says_how_many():
    with pytest.raises(FewRowsError, match="15 train and 5 test rows; at least 20") as caught:
        fit(small_forest(), make_dataset(n=20))
    assert caught.value.code == "ERR_TRAIN_FEW_ROWS"


def test_fit_refuses_an_empty_test_split():
    dataset = make_dataset()
    empty = (dataset.X("test")[:0], dataset.y("test")[:0])
    with pytest.raises(FewRowsError, match="0 test rows"):
        fit(
            small_forest(),
            MemoryDataset({"train": (dataset.X("train"), dataset.y("train")), "test": empty}),
        )


def test_fit_refuses_a_single_class_and_names_it():
    with pytest.raises(FewClassesError, match='"NoActionNeeded"; collect over a time'):
        fit(small_forest(), make_dataset(classes=(0,)))


def test_fit_weights_rows_by_class_unless_the_estimator_does_so_itself():
    dataset = make_dataset()
    assert fit(small_forest(), dataset).sample_weight == "balanced"
    assert fit(small_forest(), dataset, sample_weight=None).sample_weight is None
    assert fit(small_forest(class_weight="balanced"), dataset).sample_weight is None


def test_fit_balances_a_rare_class():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2000, 3)).astype(np.float32)
    y = (X[:, 0] + rng.normal(0, 0.8, 2000) > 2.2).astype(np.int64)
    dataset = MemoryDataset({"train": (X[:1500], y[:1500]), "test": (X[1500:], y[1500:])})
    estimator = LogisticRegression()
    balanced = fit(estimator, dataset).metrics["perClass"][1]["recall"]
    plain = fit(estimator, dataset, sample_weight=None).metrics["perClass"][1]["recall"]
    assert balanced > plain


def test_fit_keeps_scaler_statistics_in_float32():
    result = fit(make_pipeline(StandardScaler(), small_forest()), make_dataset())
    scaler = result.model.steps[0][1]
    assert (scaler.mean_ == scaler.mean_.astype(np.float32)).all()
    assert (scaler.scale_ == scaler.scale_.astype(np.float32)).all()


def test_measure_refuses_classes_that_are_not_label_indices():
    dataset = make_dataset()
    model = GaussianNB().fit(dataset.X("train"), np.asarray(LABELS)[dataset.y("train")])
    with pytest.raises(ClassesError, match=r"not a label index 0\.\.3"):
        measure(model, dataset)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sklearn.RandomForestClassifier", "sklearn.ensemble.RandomForestClassifier"),
        ("sklearn.LogisticRegression", "sklearn.pipeline.Pipeline"),
        ("sklearn.ensemble.ExtraTreesClassifier", "sklearn.ensemble.ExtraTreesClassifier"),
        ("sklearn.linear_model.LogisticRegression", "sklearn.linear_model.LogisticRegression"),
    ],
)
def test_create_estimator_finds_classifiers_of_scikit_learn(name, path):
    assert estimator_path(create_estimator(name)) == path


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "sklearn.cluster.KMeans",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.externals.joblib.load",
        "sklearn.ensemble.bagging",
        "RandomForestClassifier",
        "",
    ],
)
def test_create_estimator_refuses_every_other_name(name):
    with pytest.raises(
        UnknownEstimatorError, match="outlier detector or regressor of scikit-learn"
    ):
        create_estimator(name)


def test_create_estimator_suggests_the_name_that_was_meant():
    with pytest.raises(UnknownEstimatorError, match=r'mean "sklearn\.RandomForestClassifier"'):
        create_estimator("sklearn.RandomForest")


def test_create_estimator_suggests_classifiers_of_every_module():
    with pytest.raises(UnknownEstimatorError, match=r'mean "sklearn\.ExtraTreesClassifier"'):
        create_estimator("sklearn.linear_model.ExtraTreesClasifier")


def test_create_estimator_finds_the_module_of_a_short_name():
    assert type(create_estimator("sklearn.ExtraTreesClassifier")).__name__ == "ExtraTreesClassifier"


def test_create_estimator_sets_parameters_of_the_last_step():
    assert create_estimator("sklearn.LogisticRegression", {"C": 3.0}).steps[-1][1].C == 3.0


def test_create_estimator_names_all_unknown_parameters_at_once():
    with pytest.raises(
        UnknownParameterError, match=r'"n_estimator" \(did you mean "n_estimators"\?\), "x"'
    ):
        create_estimator("sklearn.RandomForestClassifier", {"n_estimator": 3, "x": 1})


def test_describe_parameters_is_json_safe_for_a_pipeline():
    import json

    described = describe_parameters(create_estimator("sklearn.LogisticRegression"))
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert described["steps"][0] == "sklearn.impute.SimpleImputer"
    assert described["simpleimputer__missing_values"] == "nan"


def test_fit_result_says_that_a_detector_has_no_macro_f1_and_what_it_has():
    result = fit("sklearn.IsolationForest", make_dataset(), parameters={"n_estimators": 5})
    assert not hasattr(result, "macro_f1")
    with pytest.raises(AttributeError, match=r"of a model for anomaly.*averagePrecision"):
        _ = result.confusion_matrix
