"""What is right, or refused before a fit with the reason: nobody's fit is lost at its export."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it brings the next one
from sklearn.feature_selection import RFECV, SelectFromModel, SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import RadiusNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC, NuSVC

import ruvector
from ruvector._exceptions import (
    ClassesError,
    ConversionError,
    FeatureMismatchError,
    MissingValuesError,
    NotAModelError,
    RuvectorError,
    UnknownEstimatorError,
    UnknownParameterError,
)
from training_data import MemoryDataset, make_dataset


def forest():
    return RandomForestClassifier(n_estimators=5)


def logistic():
    return LogisticRegression(max_iter=300)


def columns(chosen, **parameters):
    chosen = ColumnTransformer([("a", MinMaxScaler(), chosen)], **parameters)
    return make_pipeline(chosen, LogisticRegression(max_iter=300))


def pipeline(*steps):
    return Pipeline([(str(at), step) for at, step in enumerate(steps)])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (lambda: RandomizedSearchCV(forest(), {"max_depth": [2, 3]}, n_iter=2, cv=2), 0),
        (lambda: GridSearchCV(pipeline("passthrough", forest()), {"1__max_depth": [2]}, cv=2), 0),
        (lambda: make_pipeline(StandardScaler(), SVC(probability=True)), 0),
        (lambda: make_pipeline(StandardScaler(), SVC(probability=True, kernel="linear")), 0),
        (lambda: SVC(probability=True), 0),
        (lambda: pipeline("passthrough", StandardScaler(), logistic()), 0),
        (lambda: pipeline(None, "passthrough", forest()), 0.05),
        (lambda: make_pipeline(SimpleImputer(add_indicator=True), logistic()), 0.05),
        (lambda: make_pipeline(SimpleImputer(add_indicator=True), forest()), 0),
        (lambda: CalibratedClassifierCV(forest(), cv=2), 0.05),
        (lambda: CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=5), cv=2), 0.05),
        (lambda: make_pipeline(SimpleImputer(), CalibratedClassifierCV(logistic(), cv=2)), 0.05),
        (lambda: StackingClassifier([("a", forest()), ("b", logistic())], cv=2), 0),
        (lambda: make_pipeline(StandardScaler(), StackingClassifier([("a", forest())], cv=2)), 0),
        (lambda: VotingClassifier([("a", forest()), ("b", "drop")], voting="soft"), 0),
        (lambda: make_pipeline(KBinsDiscretizer(encode="onehot-dense"), logistic()), 0),
        (lambda: GaussianNB(var_smoothing=1e-12), 0),
        (lambda: StackingClassifier([("a", GaussianNB()), ("b", forest())], cv=2), 0),
        (lambda: HalvingGridSearchCV(forest(), {"max_depth": [2, 3]}, cv=2), 0),
        (
            lambda: make_pipeline(
                FeatureUnion(
                    [("a", StandardScaler()), ("b", MinMaxScaler())], transformer_weights={"a": 2.0}
                ),
                logistic(),
            ),
            0,
        ),
        (
            lambda: make_pipeline(
                FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator(features="all"))]),
                forest(),
            ),
            0.05,
        ),
        (lambda: columns(make_column_selector("feature"), transformer_weights={"a": 3.0}), 0),
        (lambda: columns(slice("usage_percent", "feature_3")), 0),
        (lambda: columns(lambda rows: list(rows.columns[:2])), 0),
        (lambda: make_pipeline(SelectKBest(k=3), forest()), 0),
        (lambda: make_pipeline(SelectFromModel(forest()), logistic()), 0),
        (lambda: make_pipeline(RFECV(forest(), cv=2), forest()), 0.05),
        (lambda: RFECV(forest(), cv=2), 0),
        (lambda: make_pipeline(LinearDiscriminantAnalysis(), forest()), 0),
        (lambda: make_pipeline(StandardScaler(), KMeans(4, n_init=1), logistic()), 0),
        (lambda: make_pipeline(Normalizer(), logistic()), 0),
        (lambda: make_pipeline(PowerTransformer(), forest()), 0.05),
        (lambda: make_pipeline(FunctionTransformer(np.abs), StandardScaler(), logistic()), 0),
        (lambda: make_pipeline(StandardScaler(), MLPClassifier((8,), solver="lbfgs")), 0),
        (lambda: CalibratedClassifierCV(AdaBoostClassifier(n_estimators=4), cv=2), 0),
        (lambda: CalibratedClassifierCV(RidgeClassifier(), cv=2, method="isotonic"), 0),
        (lambda: CalibratedClassifierCV(GaussianNB(), cv=2, method="isotonic"), 0),
        (
            lambda: CalibratedClassifierCV(
                HistGradientBoostingClassifier(max_iter=5), cv=2, method="isotonic"
            ),
            0.05,
        ),
        (lambda: BaggingClassifier(pipeline(SimpleImputer(), logistic()), n_estimators=2), 0.05),
    ],
)
def test_fit_and_export_onnx_prove_the_same_answers(make, missing):
    package = ruvector.export_onnx(ruvector.fit(make(), make_dataset(n=400, missing=missing)))
    assert package.parity.label_mismatches == 0


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: SVC(), NotAModelError, "probability=True"),
        (
            lambda: FixedThresholdClassifier(forest(), threshold=0.3),
            ClassesError,
            "two classes apart and the rows have 4",
        ),
        (
            lambda: HistGradientBoostingClassifier(monotonic_cst={"usage_percent": 1}),
            ClassesError,
            "make two of the labels",
        ),
        (
            lambda: StackingClassifier([("a", forest())], cv="prefit"),
            ConversionError,
            "FrozenEstimator",
        ),
        (
            lambda: BaggingClassifier(pipeline(SimpleImputer(), LinearSVC())),
            ConversionError,
            "votes are no probabilities",
        ),
        (
            lambda: make_pipeline(VotingClassifier([("a", forest())], voting="soft"), forest()),
            ConversionError,
            "as a step before others",
        ),
        (
            lambda: make_pipeline(SimpleImputer(), RadiusNeighborsClassifier()),
            ConversionError,
            "within a radius",
        ),
        (
            lambda: make_pipeline(
                SimpleImputer(), QuantileTransformer(output_distribution="normal"), logistic()
            ),
            ConversionError,
            '"uniform"',
        ),
        (
            lambda: make_pipeline(SimpleImputer(), GaussianProcessClassifier()),
            ConversionError,
            "to ONNX",
        ),
        (
            lambda: make_pipeline(SimpleImputer(), PCA(2), columns(["usage_percent"])),
            FeatureMismatchError,
            "the step before them makes other columns",
        ),
        (lambda: SVC(probability=True, kernel="linear"), ConversionError, "StandardScaler"),
        (lambda: NuSVC(probability=True, kernel="poly"), ConversionError, "StandardScaler"),
        (
            lambda: make_pipeline(SimpleImputer(), SVC(probability=True, kernel="linear")),
            ConversionError,
            "not reproducible",
        ),
        (lambda: make_pipeline(KBinsDiscretizer(), logistic()), ConversionError, "onehot-dense"),
        (lambda: make_pipeline(KNNImputer(), logistic()), ConversionError, "use SimpleImputer"),
        (lambda: CalibratedClassifierCV(logistic(), cv=2), MissingValuesError, "SimpleImputer"),
        (lambda: pipeline("passthrough", logistic()), MissingValuesError, "SimpleImputer"),
        (lambda: pipeline(StandardScaler(), "passthrough"), NotAModelError, "no classifier"),
        (
            lambda: GridSearchCV(forest(), {"max_depth": [2]}, cv=2, refit=False),
            ConversionError,
            "refit=True",
        ),
    ],
)
def test_fit_refuses_before_it_begins(make, error, words):
    fitted = []
    with pytest.raises(error, match=words):
        ruvector.fit(make(), make_dataset(n=400, missing=0.02), callbacks=[fitted.append])
    assert fitted == []


def wide(names):
    dataset = make_dataset(n=200)
    dataset.feature_names = names
    return dataset


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda d: ruvector.fit(None, d), RuvectorError),
        (lambda d: ruvector.fit("", d), UnknownEstimatorError),
        (lambda d: ruvector.fit(".", d), UnknownEstimatorError),
        (lambda d: ruvector.fit("sklearn.", d), UnknownEstimatorError),
        (lambda d: ruvector.fit(Pipeline([]), d), RuvectorError),
        (lambda d: ruvector.fit(forest(), None), NotAModelError),
        (lambda d: ruvector.fit(forest(), wide(("a", "b"))), FeatureMismatchError),
        (lambda d: ruvector.fit(forest(), d, parameters=[1]), UnknownParameterError),
        (lambda d: ruvector.fit(forest(), d, sample_weight="yes"), UnknownParameterError),
        (lambda d: ruvector.create_estimator(5), UnknownEstimatorError),
        (lambda d: ruvector.export_onnx(forest()), NotAModelError),
        (lambda d: ruvector.export_onnx(None), NotAModelError),
        (lambda d: ruvector.deploy(None), NotAModelError),
        (lambda d: ruvector.deploy("model.h5", dataset=d), NotAModelError),
        (lambda d: ruvector.deploy(forest(), dataset=3), NotAModelError),
        (lambda d: ruvector.deploy(forest(), dataset=d, client="x"), NotAModelError),
        (lambda d: ruvector.deploy(ruvector.OnnxModel(b"", {}, b"", None)), NotAModelError),
    ],
)
def test_fit_and_other_calls_say_what_they_cannot_use(call, error):
    with pytest.raises(error) as caught:
        call(make_dataset(n=200))
    assert caught.value.code.startswith("ERR_")
    assert ";" in str(caught.value) or "pass" in str(caught.value)


def test_fit_of_a_detector_on_newest_rows_of_one_kind_has_no_numbers_that_json_lacks():
    dataset = make_dataset(n=12_000)
    X, y = dataset.X("test"), dataset.y("test").copy()
    y[len(y) // 3 :] = 0
    splits = {"train": (dataset.X("train"), dataset.y("train")), "test": (X, y)}
    result = ruvector.fit("sklearn.IsolationForest", MemoryDataset(splits))
    assert result.assessment["importance"]["features"] == []
    assert np.isfinite(result.metrics["averagePrecision"])
