import numpy as np
import pyarrow as pa
import pytest

from ruvector._client.dataset import Dataset
from ruvector._exceptions import ProbabilitiesError
from ruvector._training.bootstrap import block_length, macro_f1_interval
from ruvector._training.fitting import fit_here as fit
from ruvector._training.golden import check_answers
from ruvector._training.held_out import (
    HeldOutRows,
    decode_held_out,
    encode_held_out,
    take_predictions,
    time_ranges,
)
from ruvector._training.measurement import measure
from ruvector._training.onnx_export import export_onnx
from ruvector._training.scores import confusion_matrix, macro_f1
from training_data import LABELS, make_dataset


def timed_dataset(rows=400, horizon_ms=5000):
    """A table as the daemon sends it: one row a second, split in two blocks."""
    source = make_dataset(n=rows)
    X = np.concatenate([source.X("train"), source.X("test")])
    y = np.concatenate([source.y("train"), source.y("test")]).astype(np.int8)
    half = rows // 2
    block = np.repeat(["train", "gap", "test"], [half * 3 // 4, half // 20, half // 5])
    split = np.concatenate([block, block])
    columns = {name: X[:, i] for i, name in enumerate(source.feature_names)}
    table = pa.table(
        {
            "timestamp": pa.array(np.arange(rows) * 1000, pa.timestamp("ms")),
            **columns,
            "label": y,
            "split": split,
        }
    )
    meta = {
        "id": "timed",
        "sha256": "cd" * 32,
        "labels": list(LABELS),
        "features": [{"name": name} for name in source.feature_names],
        "featureSpecSha256": "ab" * 32,
        "horizonMs": horizon_ms,
    }
    return Dataset(table, meta)


def test_held_out_carries_its_test_rows_with_every_baseline_and_the_times_it_was_trained_on():
    dataset = timed_dataset()
    package = export_onnx(fit("sklearn.RandomForestClassifier", dataset))
    rows = decode_held_out(package.held_out, dataset.feature_names)
    np.testing.assert_array_equal(rows.X, dataset.X("test"))
    np.testing.assert_array_equal(rows.y, dataset.y("test"))
    assert rows.timestamps[0] == 160_000
    assert set(rows.baselines) >= {"majority", "usageThreshold"}
    for name, predicted in rows.baselines.items():
        matrix = confusion_matrix(rows.y, predicted, 4)
        described = package.manifest["metrics"]["baseline"][name]
        assert macro_f1(matrix, [0, 1, 2, 3]) == pytest.approx(described["macroF1"])
    assert package.manifest["dataset"]["horizonMs"] == 5000
    assert package.manifest["dataset"]["trainedOn"] == [[0, 149_000], [200_000, 349_000]]


def test_measure_gives_model_and_baselines_an_interval_around_their_score():
    metrics = fit("sklearn.RandomForestClassifier", timed_dataset()).metrics
    for scored in (metrics, *metrics["baseline"].values()):
        low, high = scored["interval"]
        assert 0 <= low <= scored["macroF1"] <= high <= 1
    assert metrics["interval"][0] < metrics["interval"][1]


def test_macro_f1_interval_is_one_point_when_all_rows_are_answered_right():
    y = np.arange(100) % 4
    assert macro_f1_interval(y, y, [0, 1, 2, 3], 4, 5) == [1.0, 1.0]


def test_macro_f1_interval_widens_with_the_length_of_blocks_when_neighbours_are_alike():
    y = np.repeat([0, 1], 20).repeat(10)
    predicted = np.where(np.arange(400) // 40 % 2 == 0, y, 0)
    narrow = macro_f1_interval(y, predicted, [0, 1], 4, 1)
    wide = macro_f1_interval(y, predicted, [0, 1], 4, 40)
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


@pytest.mark.parametrize(
    ("rows", "horizon_ms", "wanted"),
    [(1000, None, 10), (1000, 5000, 10), (1000, 60_000, 60), (100, 60_000, 20), (3, 60_000, 1)],
)
def test_block_length_is_one_horizon_within_bounds(rows, horizon_ms, wanted):
    assert block_length(rows, np.arange(rows) * 1000, horizon_ms) == wanted


def test_held_out_carries_the_newest_rows_only():
    n = 20_050
    rows = HeldOutRows(
        np.zeros((n, 2), np.float32), np.zeros(n, np.int64), np.arange(n), {"x": np.ones(n)}
    )
    newest = decode_held_out(encode_held_out(rows, ["a", "b"]), ["a", "b"])
    assert (len(newest.y), newest.timestamps[0]) == (20_000, 50)


def test_rows_of_a_clock_that_stepped_back_are_sent_in_time_order():
    dataset = timed_dataset()
    times = np.arange(400) * 1000
    times[170:180] -= 100_000
    table = dataset.table.set_column(0, "timestamp", pa.array(times, pa.timestamp("ms")))
    result = measure(fit("sklearn.LogisticRegression", dataset).model, Dataset(table, dataset.meta))
    assert bool(np.all(np.diff(result.held_out.timestamps) >= 0))


def test_time_ranges_are_few_and_hold_every_train_row():
    train = np.arange(0, 1000, 2)
    ranges = time_ranges(train, train + 1)
    assert len(ranges) == 64
    assert all(any(low <= t <= high for low, high in ranges) for t in train)


def test_take_predictions_takes_the_answers_a_baseline_brings_out_of_the_manifest():
    scores = {"persistence": {"macroF1": 0.4, "predicted": np.array([1, 2])}, "none": None}
    found = take_predictions(scores, np.zeros((2, 1), np.float32), ["usage_percent"], LABELS)
    assert found["persistence"].tolist() == [1, 2]
    assert scores["persistence"] == {"macroF1": 0.4}


good = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize(
    ("label", "probabilities", "why"),
    [
        ([0, 3], good * 3, "raw scores or logits"),
        ([0, 3], np.log(good), "raw scores or logits"),
        ([0, 3], good / 2, "sums to 0.5 and not to 1"),
        ([0, 2], good, "not among classes"),
        ([1, 3], good, "not its most probable class"),
        ([0, 3], np.where(good > 0.5, np.nan, good), "raw scores or logits"),
    ],
)
def test_check_answers_says_why_probabilities_are_none(label, probabilities, why):
    with pytest.raises(ProbabilitiesError, match=why) as caught:
        check_answers(np.array(label), probabilities, [0, 1, 3])
    assert caught.value.code == "ERR_TRAIN_PROBABILITIES"


def test_check_answers_takes_the_overshoot_of_a_forest():
    check_answers(np.array([0, 3]), np.array([[1.0000001, -1.2e-7, 0], [0, 0.5, 0.5]]), [0, 1, 3])
