import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ruvector._training.answers import is_tie
from ruvector._training.fitting import fit_here as fit
from ruvector._training.golden import build_golden, decode_golden, encode_golden
from ruvector._training.trees import read_trees
from training_data import make_dataset

forest = RandomForestClassifier(n_estimators=10, max_depth=6, random_state=0)


@pytest.fixture(scope="module")
def fitted():
    dataset = make_dataset(missing=0.03)
    return fit(forest, dataset), dataset


def test_build_golden_holds_every_case_in_about_256_rows(fitted):
    result, dataset = fitted
    counts = build_golden(result.model, result.classes, dataset.X("train")).counts()
    assert counts["threshold"] >= 80
    assert counts["nan"] == 24
    assert counts["extreme"] == 24
    assert 240 <= sum(counts.values()) <= 260


def test_build_golden_puts_rows_on_thresholds_and_one_ulp_beside(fitted):
    result, dataset = fitted
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    features, thresholds = read_trees(result.model).thresholds()
    rows = golden.X[[case == "threshold" for case in golden.case]]
    known = {(int(f), float(t)) for f, t in zip(features, thresholds, strict=True)}
    beside = {
        (f, float(np.nextafter(np.float32(t), np.float32(side))))
        for f, t in known
        for side in (-np.inf, np.inf)
    }
    hits = [
        {
            ("on" if pair in known else "beside")
            for pair in enumerate(map(float, row))
            if pair in known or pair in beside
        }
        for row in rows
    ]
    assert all(hits)
    assert sum("on" in hit for hit in hits) >= len(rows) // 4


def test_build_golden_answers_are_the_frameworks_own(fitted):
    result, dataset = fitted
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    assert np.abs(golden.answers.numbers - result.model.predict_proba(golden.X)).max() < 1e-7
    assert (golden.answers.label == result.model.predict(golden.X)).all()


def test_build_golden_leaves_out_ties(fitted):
    result, dataset = fitted
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    assert not is_tie(golden.answers.numbers).any()


def test_build_golden_gives_the_same_rows_for_the_same_model(fitted):
    result, dataset = fitted
    first, second = (
        encode_golden(
            build_golden(result.model, result.classes, dataset.X("train")), dataset.feature_names
        )
        for _ in range(2)
    )
    assert first == second


def test_build_golden_has_no_nan_rows_for_an_estimator_that_takes_none():
    dataset = make_dataset()
    result = fit(make_pipeline(StandardScaler(), LogisticRegression()), dataset)
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    assert "nan" not in golden.counts()
    assert "threshold" not in golden.counts()
    assert np.isfinite(golden.answers.numbers).all()


def test_build_golden_survives_extremes_the_estimator_cannot_take():
    dataset = make_dataset()
    result = fit(
        make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5)), dataset
    )
    result.model.steps[0][1].scale_[:] = 1e-6  # scaling 3e38 overflows float32
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    assert golden.counts()["extreme"] > 0
    assert np.isfinite(golden.answers.numbers).all()


def test_encode_golden_is_an_arrow_stream_without_nulls(fitted):
    result, dataset = fitted
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    payload = encode_golden(golden, dataset.feature_names)
    table = pa.ipc.open_stream(payload).read_all()
    assert table.column_names[:8] == list(dataset.feature_names)
    assert table.column_names[8:] == ["expected_label", "p0", "p1", "p2", "p3", "case"]
    assert {str(table.schema.field(name).type) for name in dataset.feature_names} == {"float"}
    assert str(table.schema.field("expected_label").type) == "int64"
    assert sum(column.null_count for column in table.columns) == 0
    back = decode_golden(payload, dataset.feature_names)
    assert np.array_equal(back.X, golden.X, equal_nan=True)
    assert (back.answers.label == golden.answers.label).all()
    assert back.case == golden.case
