import numpy as np

from ruvector._training.calibration import measure_calibration
from ruvector._training.importance import measure_importance
from ruvector._training.resampled import Truths


def slow_rows(n=800, seed=0):
    rng = np.random.default_rng(seed)
    phase = np.sin(np.arange(n) / 20)
    X = np.stack([phase + rng.normal(0, 0.2, n), rng.normal(size=n), rng.normal(size=n)], axis=1)
    return X.astype(np.float32), (phase > 0).astype(np.int64)


def by_feature(found):
    return {each["feature"]: each for each in found["features"]}


def test_measure_importance_finds_the_feature_that_matters_with_an_interval_above_zero():
    X, y = slow_rows()
    truths = Truths("classification", y, (0, 1), 20)
    found = measure_importance(lambda rows: (rows[:, 0] > 0).astype(int), X, truths, list("abc"))
    assert found["features"][0]["feature"] == "a"
    assert by_feature(found)["a"]["interval"][0] > 0.1
    # What the model does not look at loses nothing at all.
    assert by_feature(found)["b"] == {"feature": "b", "drop": 0.0, "interval": [0.0, 0.0]}
    assert found["rows"] == 800


def test_measure_importance_shuffles_the_columns_of_a_window_together():
    X, y = slow_rows()
    windowed = np.concatenate([X[:, :1], X[:, :1], X[:, 1:2], X[:, 1:2]], axis=1)
    names = ["usage@-1", "usage@-0", "psi@-1", "psi@-0"]
    truths = Truths("classification", y, (0, 1), 20)

    def predict(rows):
        return (rows[:, :2].mean(axis=1) > 0).astype(int)

    found = measure_importance(predict, windowed, truths, names)
    assert set(by_feature(found)) == {"usage", "psi"}
    assert by_feature(found)["usage"]["drop"] > 0.1


def test_measure_importance_is_the_same_for_the_same_seed_and_bounded_in_rows():
    X, y = slow_rows(4000)
    X = np.tile(X, (1, 10))
    truths = Truths("classification", y, (0, 1), 20)
    asked = []

    def predict(rows):
        asked.append(len(rows))
        return (rows[:, 0] > 0).astype(int)

    names = [f"f{at}" for at in range(30)]
    first = measure_importance(predict, X, truths, names)
    assert first == measure_importance(predict, X, truths, names)
    assert first["rows"] == 400
    assert asked == [400 * 31] * 2


def test_measure_importance_says_nothing_where_rows_of_one_label_have_no_score():
    X, y = slow_rows()
    truths = Truths("anomaly", np.zeros_like(y), (), 20)
    assert measure_importance(lambda rows: rows[:, 0], X, truths, list("abc"))["features"] == []


def test_measure_calibration_counts_what_was_stated_and_what_came():
    expected = np.array([0] * 60 + [1] * 40)
    predicted = np.zeros(100, int)
    kept = measure_calibration(expected, predicted, np.tile([0.6, 0.4], (100, 1)))
    assert kept["ece"] < 1e-9
    assert [each["rows"] for each in kept["bins"] if each["rows"]] == [100]
    bold = measure_calibration(expected, predicted, np.tile([0.99, 0.01], (100, 1)))
    assert abs(bold["ece"] - 0.39) < 1e-9
    assert bold["bins"][9] == {
        "low": 0.9,
        "high": 1.0,
        "rows": 100,
        "confidence": bold["bins"][9]["confidence"],
        "accuracy": 0.6,
    }


def test_measure_importance_asks_no_row_twice_that_a_shuffle_left_as_it_was():
    X, y = slow_rows()
    X = np.concatenate([X, np.ones((len(X), 2), np.float32)], axis=1)
    X[:, 1] = np.arange(len(X)) // 400
    truths = Truths("classification", y, (0, 1), 20)
    asked = []

    def predict(rows):
        asked.append(rows)
        return (rows[:, 0] + rows[:, 3] - 1 > 0).astype(int)

    found = measure_importance(predict, X, truths, list("abcde"), evaluations=1500)
    assert found["rows"] == 300
    # The rows, all of them with another "a" and "c", and none with another "b", "d" or "e".
    assert [len(rows) for rows in asked] == [3 * 300]
    assert by_feature(found)["d"] == {"feature": "d", "drop": 0.0, "interval": [0.0, 0.0]}
    assert by_feature(found)["a"]["drop"] > 0.1
