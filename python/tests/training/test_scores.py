"""Scores against scikit-learn, which decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from ruvector._training.scores import confusion_matrix, describe_scores, macro_f1
from training_data import LABELS

labelled_pairs = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60
).map(lambda pairs: tuple(np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True)))


@given(labelled_pairs, st.sets(st.integers(0, 3), min_size=1))
@settings(max_examples=60, deadline=None)
def test_macro_f1_equals_scikit_learn_for_any_labels(pair, classes):
    expected, predicted = pair
    ours = macro_f1(confusion_matrix(expected, predicted, 4), sorted(classes))
    theirs = f1_score(
        expected, predicted, labels=sorted(classes), average="macro", zero_division=0.0
    )
    assert ours == pytest.approx(theirs, abs=1e-12)


@given(labelled_pairs)
@settings(max_examples=40, deadline=None)
def test_describe_scores_equals_scikit_learn_for_each_class(pair):
    expected, predicted = pair
    scores = describe_scores(confusion_matrix(expected, predicted, 4), [0, 1, 2, 3], LABELS)
    theirs = precision_recall_fscore_support(
        expected, predicted, labels=[0, 1, 2, 3], zero_division=0.0
    )
    for index, one in enumerate(scores["perClass"]):
        ours = (one["precision"], one["recall"], one["f1"], one["support"])
        assert ours == pytest.approx(tuple(part[index] for part in theirs))
    assert scores["accuracy"] == pytest.approx(accuracy_score(expected, predicted))
    assert np.sum(scores["confusionMatrix"]) == len(expected)


def test_macro_f1_leaves_out_classes_the_host_never_showed():
    matrix = confusion_matrix(np.array([0, 0, 3]), np.array([0, 0, 3]), 4)
    assert macro_f1(matrix, [0, 3]) == 1.0
    assert macro_f1(matrix, [0, 1, 2, 3]) == 0.5


def test_confusion_matrix_has_expected_labels_as_rows():
    assert confusion_matrix(np.array([0, 0, 1]), np.array([1, 0, 1]), 2).tolist() == [
        [1, 1],
        [0, 1],
    ]
