import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from ruvector._exceptions import ParityError
from ruvector._training.answers import Answers
from ruvector._training.exporters import convert
from ruvector._training.fitting import fit_here as fit
from ruvector._training.golden import build_golden
from ruvector._training.parity import check_parity, compare
from training_data import make_dataset

TASK = "classification"


def answers(*rows):
    probabilities = np.array(rows, dtype=np.float64)
    return Answers(probabilities.argmax(axis=1), probabilities)


@pytest.fixture(scope="module")
def exported():
    dataset = make_dataset(missing=0.02)
    result = fit(RandomForestClassifier(n_estimators=10, max_depth=6, random_state=0), dataset)
    golden = build_golden(result.model, result.classes, dataset.X("train"))
    return result, golden, dataset.X("test"), convert(result.model, 8, result.classes)


def damaged(model_bytes, attribute, change):
    """Change one attribute of the tree node and serialise the model again."""
    model = onnx.load_from_string(model_bytes)
    found = next(item for item in model.graph.node[0].attribute if item.name == attribute)
    change(found)
    return model.SerializeToString()


def test_check_parity_replays_golden_rows_in_odd_batches(exported):
    result, golden, data, model = exported
    report = check_parity(model, result.model, result.classes, golden, data)
    assert report.batch_sizes == (1, 3, 7, 17, len(golden.answers.label))
    assert report.rows == len(golden.answers.label) + len(data)
    assert report.max_abs_diff < 1e-6
    assert report.cases["data"] == len(data)


def test_check_parity_catches_thresholds_rounded_up(exported):
    result, golden, data, model = exported

    def round_up(attribute):
        values = np.asarray(attribute.floats, dtype=np.float32)
        del attribute.floats[:]
        attribute.floats.extend(np.nextafter(values, np.float32(np.inf)).tolist())

    with pytest.raises(ParityError, match=r"[1-9]\d* threshold") as caught:
        check_parity(
            damaged(model, "nodes_values", round_up), result.model, result.classes, golden, data
        )
    assert caught.value.code == "ERR_TRAIN_PARITY"


def test_check_parity_catches_missing_values_sent_the_wrong_way(exported):
    result, golden, data, model = exported

    def flip(attribute):
        flipped = [1 - value for value in attribute.ints]
        del attribute.ints[:]
        attribute.ints.extend(flipped)

    with pytest.raises(ParityError, match=r"[1-9]\d* nan"):
        check_parity(
            damaged(model, "nodes_missing_value_tracks_true", flip),
            result.model,
            result.classes,
            golden,
            data,
        )


def test_compare_counts_a_label_that_differs_away_from_a_tie():
    expected = answers([0.7, 0.3])
    found = compare(expected, Answers(np.array([1]), expected.numbers), TASK)
    assert (found.label_mismatches, found.outside.tolist()) == (1, [True])


def test_compare_lets_a_tie_fall_either_way():
    expected = answers([0.5, 0.5])
    assert compare(expected, Answers(np.array([1]), expected.numbers), TASK).label_mismatches == 0


def test_compare_refuses_another_shape():
    with pytest.raises(ParityError, match="shapes are"):
        compare(answers([0.5, 0.5]), answers([0.5, 0.3, 0.2]), TASK)


def test_compare_counts_nan_as_outside():
    found = compare(answers([0.9, 0.1]), Answers(np.array([0]), np.array([[np.nan, 0.1]])), TASK)
    assert found.outside.tolist() == [True]
    assert found.max_abs_diff == float("inf")


@given(st.floats(0, 1), st.floats(-1e-4, 1e-4))
@settings(max_examples=60, deadline=None)
def test_compare_accepts_exactly_what_the_tolerance_allows(value, shift):
    expected = (np.array([0]), np.array([[value]]))
    actual = (np.array([0]), np.array([[value + shift]]))
    difference = abs((value + shift) - value)
    assert bool(compare_one(expected, actual)) == (not difference <= 1e-5 + 1e-5 * value)


def compare_one(expected, actual):
    padded = [Answers(label, np.hstack([p, [[-1.0]]])) for label, p in (expected, actual)]
    return compare(*padded, TASK).outside[0]
