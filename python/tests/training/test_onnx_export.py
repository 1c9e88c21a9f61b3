"""Every estimator family: onnxruntime answers like scikit-learn, on both sides of every edge."""

import hashlib

import numpy as np
import onnx
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ruvector._exceptions import ConversionError, FeatureSpecError
from ruvector._training.exporters import convert
from ruvector._training.fitting import fit_here as fit
from ruvector._training.golden import decode_golden
from ruvector._training.onnx_export import export_onnx
from ruvector._training.parity import create_session
from ruvector._training.trees import read_trees, round_down_float32
from training_data import LABELS, make_dataset

forest = RandomForestClassifier(n_estimators=12, max_depth=8, random_state=0)
boosting = HistGradientBoostingClassifier(max_iter=12, random_state=0)
imputer = SimpleImputer(strategy="median", keep_empty_features=True)

FAMILIES = {
    "forest": (forest, True),
    "extra trees": (ExtraTreesClassifier(n_estimators=12, max_depth=8, random_state=0), True),
    "tree": (DecisionTreeClassifier(random_state=0), True),
    "boosting": (boosting, True),
    "gradient boosting": (GradientBoostingClassifier(n_estimators=8, random_state=0), False),
    "linear": (LogisticRegression(max_iter=2000), False),
    "scaled linear": (make_pipeline(StandardScaler(), LogisticRegression()), False),
    "imputed linear": (make_pipeline(imputer, StandardScaler(), LogisticRegression()), True),
    "scaled forest": (make_pipeline(StandardScaler(), forest), True),
    "scaled boosting": (make_pipeline(StandardScaler(), boosting), True),
    "imputed forest": (make_pipeline(imputer, forest), True),
    "imputed scaled boosting": (make_pipeline(imputer, StandardScaler(), boosting), True),
    "ranged forest": (make_pipeline(MinMaxScaler(), forest), True),
}
CLASSES = {"four": (0, 1, 2, 3), "three": (0, 1, 3), "two": (0, 3)}


@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize(("estimator", "takes_nan"), FAMILIES.values(), ids=FAMILIES)
def test_export_onnx_answers_like_scikit_learn(estimator, takes_nan, classes):
    missing = {"missing": 0.03, "absent": (5,)} if takes_nan else {}
    dataset = make_dataset(classes=classes, **missing)
    package = export_onnx(fit(estimator, dataset))
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff <= 1e-5
    label, probabilities = create_session(package.model).run(None, {"X": dataset.X("test")})
    assert package.manifest["classes"] == list(classes)
    assert label.dtype == np.int64
    assert set(label.tolist()) <= set(classes)
    assert probabilities.shape == (len(label), len(classes))
    assert package.parity.cases.get("nan", 0) == (24 if takes_nan else 0)


@pytest.mark.parametrize("name", ["forest", "boosting", "scaled boosting", "imputed forest"])
def test_export_onnx_is_right_on_every_threshold_of_the_trees(name):
    dataset = make_dataset(n=1500, missing=0.02)
    result = fit(FAMILIES[name][0], dataset)
    session = create_session(convert(result.model, 8, result.classes))
    steps = [step for _, step in getattr(result.model, "steps", [("model", result.model)])]
    features, thresholds = read_trees(steps[-1]).thresholds()
    X = np.repeat(dataset.X("train")[:1], 3 * len(features), axis=0)
    for scaler in [step for step in steps if isinstance(step, StandardScaler)]:
        thresholds = (thresholds * scaler.scale_[features] + scaler.mean_[features]).astype("f4")
    down, up = (np.nextafter(thresholds, np.float32(side)) for side in (-np.inf, np.inf))
    rows = np.arange(len(X))
    X[rows, np.repeat(features, 3)] = np.stack([down, thresholds, up], axis=1).ravel()
    probabilities = session.run(["probabilities"], {"X": X})[0]
    assert np.abs(probabilities - result.model.predict_proba(X)).max() <= 1e-6


def test_export_onnx_writes_fixed_names_versions_and_one_file():
    package = export_onnx(fit(FAMILIES["imputed scaled boosting"][0], make_dataset()))
    model = onnx.load_from_string(package.model)
    onnx.checker.check_model(model, full_check=True)
    assert {entry.domain: entry.version for entry in model.opset_import} == {
        "": 18,
        "ai.onnx.ml": 3,
    }
    assert model.ir_version == 8
    assert [value.name for value in model.graph.input] == ["X"]
    assert [value.name for value in model.graph.output] == ["label", "probabilities"]
    assert not any(
        tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer
    )


def test_export_onnx_describes_the_package_in_its_manifest():
    dataset = make_dataset()
    result = fit("sklearn.RandomForestClassifier", dataset)
    package = export_onnx(result, name="memory-pressure")
    manifest = package.manifest
    assert manifest["name"] == "memory-pressure"
    assert [feature["name"] for feature in manifest["features"]] == list(dataset.feature_names)
    assert manifest["featureSpecSha256"] == "ab" * 32
    assert manifest["input"] == {"name": "X", "dtype": "float32", "shape": [None, 8]}
    assert manifest["labels"] == list(LABELS)
    assert manifest["trainer"]["estimator"] == "sklearn.ensemble.RandomForestClassifier"
    assert manifest["trainer"]["parameters"]["max_depth"] == 10
    assert manifest["dataset"] == {"id": "training-test", "sha256": "cd" * 32, "rows": 600}
    assert manifest["metrics"]["macroF1"] > manifest["metrics"]["baseline"]["majority"]["macroF1"]
    assert manifest["model"]["sha256"] == hashlib.sha256(package.model).hexdigest()
    assert manifest["model"]["sizeBytes"] == len(package.model)
    assert manifest["golden"]["sha256"] == hashlib.sha256(package.golden).hexdigest()
    assert manifest["golden"]["rows"] == len(decode_golden(package.golden, dataset.feature_names))
    assert manifest["parity"]["labelMismatches"] == 0


def test_export_onnx_leaves_the_fitted_model_as_it_is():
    dataset = make_dataset()
    result = fit(FAMILIES["scaled linear"][0], dataset)
    before = result.model.predict_proba(dataset.X("test"))
    classes = result.model.classes_.copy()
    export_onnx(result)
    assert (result.model.predict_proba(dataset.X("test")) == before).all()
    assert (result.model.classes_ == classes).all()


def test_export_onnx_refuses_an_estimator_without_onnx_form():
    estimator = make_pipeline(FunctionTransformer(np.sin), LogisticRegression(max_iter=2000))
    with pytest.raises(ConversionError, match='"FunctionTransformer" to ONNX') as caught:
        fit(estimator, make_dataset())
    assert caught.value.code == "ERR_TRAIN_CONVERSION"


def test_export_onnx_refuses_categorical_splits():
    estimator = HistGradientBoostingClassifier(max_iter=3, categorical_features=[2])
    dataset = make_dataset()
    for split in ("train", "test"):
        dataset.X(split)[:, 2] = np.arange(len(dataset.X(split))) % 5
    with pytest.raises(ConversionError, match="categorical"):
        fit(estimator, dataset)


def test_export_onnx_converts_what_skl2onnx_converts_beyond_the_families():
    estimator = VotingClassifier(
        [("a", forest), ("b", LogisticRegression(max_iter=2000))],
        voting="soft",
        flatten_transform=False,
    )
    assert export_onnx(fit(estimator, make_dataset())).parity.label_mismatches == 0


def test_export_onnx_refuses_a_data_set_without_feature_specification():
    with pytest.raises(FeatureSpecError, match="carries no featureSpecSha256"):
        export_onnx(fit(forest, make_dataset(meta={})))


def test_round_down_float32_never_moves_a_value_across_its_threshold():
    rng = np.random.default_rng(0)
    thresholds = np.concatenate([rng.normal(0, 100, 500), [np.inf, -np.inf, 1e300, -1e300, 0.0]])
    rounded = round_down_float32(thresholds)
    for side in (-np.inf, np.inf):
        with np.errstate(over="ignore"):
            near = np.nextafter(rounded, np.float32(side))
        assert ((near <= rounded) == (near.astype(np.float64) <= thresholds)).all()
