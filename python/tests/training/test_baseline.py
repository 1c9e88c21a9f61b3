import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repository import ROOT
from ruvector._training.baseline import (
    DEFAULT_THRESHOLDS,
    UsageThreshold,
    fit_majority,
    fit_usage_threshold,
    predict_persistence,
    score_baselines,
)
from ruvector._training.scores import confusion_matrix, macro_f1
from training_data import LABELS


def score(rule, usage, y):
    return macro_f1(confusion_matrix(y, rule.predict(usage), 4), sorted(set(y.tolist())))


def test_fit_usage_threshold_finds_the_edge_between_two_labels():
    usage = np.array([10, 20, 70, 80, 90], dtype=np.float32)
    rule = fit_usage_threshold(usage, np.array([0, 0, 3, 3, 3]))
    assert (rule.threshold, rule.below, rule.above) == (70.0, 0, 3)


def test_fit_usage_threshold_also_finds_a_falling_rule():
    usage = np.array([10, 20, 70, 80], dtype=np.float32)
    rule = fit_usage_threshold(usage, np.array([2, 2, 1, 1]))
    assert rule.predict(usage).tolist() == [2, 2, 1, 1]


def test_predict_counts_a_missing_value_as_below():
    rule = UsageThreshold(50.0, below=0, above=1)
    assert rule.predict(np.array([np.nan, 60], dtype=np.float32)).tolist() == [0, 1]


def test_fit_usage_threshold_works_without_any_value():
    rule = fit_usage_threshold(np.full(5, np.nan, dtype=np.float32), np.array([0, 0, 1, 1, 1]))
    assert rule.predict(np.full(2, np.nan, dtype=np.float32)).tolist() in ([0, 0], [1, 1])


@given(
    arrays.arrays(np.float32, st.integers(2, 25), elements=st.sampled_from([1.0, 2, 3, 5, 8, 13])),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_fit_usage_threshold_is_as_good_as_trying_every_rule(usage, data):
    y = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(usage), max_size=len(usage))))
    classes = sorted(set(y.tolist()))
    found = score(fit_usage_threshold(usage, y), usage, y)
    every = [
        score(UsageThreshold(float(threshold), below, above), usage, y)
        for threshold in np.unique(usage)
        for below in classes
        for above in classes
        if below != above or len(classes) == 1
    ]
    assert found >= max(every) - 1e-12


def test_fit_majority_names_the_most_frequent_class():
    assert fit_majority(np.array([1, 3, 3, 1, 3])) == 3


def test_score_baselines_measures_on_rows_they_were_not_fitted_on():
    train = (np.array([[10.0], [90.0], [20.0]], dtype=np.float32), np.array([0, 3, 0]))
    test = (np.array([[15.0], [95.0]], dtype=np.float32), np.array([0, 0]))
    scores = score_baselines(("usage_percent",), train, test, [0, 3], LABELS)
    assert scores["majority"]["label"] == "NoActionNeeded"
    assert scores["majority"]["accuracy"] == 1.0
    assert scores["usageThreshold"]["accuracy"] == 0.5


def test_score_baselines_leaves_the_threshold_out_without_its_feature():
    rows = (np.zeros((3, 1), dtype=np.float32), np.array([0, 1, 1]))
    assert score_baselines(("other",), rows, rows, [0, 1], LABELS)["usageThreshold"] is None


NAMES = ("psi_memory_some", "psi_memory_full", "available_percent", "refault_file_rate")


def persist(*rows, names=NAMES, thresholds=DEFAULT_THRESHOLDS):
    return predict_persistence(names, np.array(rows, dtype=np.float32), LABELS, thresholds)


def test_predict_persistence_applies_the_label_thresholds_to_the_last_seconds():
    predicted = persist(
        (0, 0, 50, 0),
        (0.002, 0, 50, 0),
        (0.04, 0, 50, 0),
        (0, 0, 9, 0),
        (0, 0.06, 50, 0),
        (0, 0, 3, 0),
    )
    assert predicted.tolist() == [0, 1, 2, 2, 3, 3]


def test_predict_persistence_counts_refaults_only_together_with_stall():
    # 16.7 ppm of MemTotal a second are 0.1 % a minute: 0.2 % of the half that is in use.
    just_below, enough = np.log1p(16.5), np.log1p(16.8)
    predicted = persist((0, 0, 50, enough), (0.0006, 0, 50, just_below), (0.0006, 0, 50, enough))
    assert predicted.tolist() == [0, 0, 1]


def test_predict_persistence_takes_the_thresholds_it_is_given():
    rows = ((0, 0, 15, 0),)
    changed = {**DEFAULT_THRESHOLDS, "availablePercentAggressive": 20}
    assert persist(*rows).tolist() == [0]
    assert persist(*rows, thresholds=changed).tolist() == [2]


def test_predict_persistence_lets_a_missing_value_reach_nothing():
    assert persist((np.nan, np.nan, np.nan, np.nan)).tolist() == [0]
    assert persist((97.0,), names=("usage_percent",)).tolist() == [3]


def test_predict_persistence_is_none_without_features_or_labels_of_the_host():
    assert persist((1.0,), names=("process_count",)) is None
    rows = np.zeros((1, 4), dtype=np.float32)
    assert predict_persistence(NAMES, rows, ("calm", "busy"), DEFAULT_THRESHOLDS) is None


def test_score_baselines_scores_persistence_by_the_thresholds_of_the_data_set():
    rows = np.array([[0, 0, 50, 0], [0, 0, 9, 0], [0, 0, 3, 0]], dtype=np.float32)
    labelled = (rows, np.array([0, 2, 3]))
    scores = score_baselines(NAMES, labelled, labelled, [0, 2, 3], LABELS)["persistence"]
    assert (scores["macroF1"], scores["accuracy"]) == (1.0, 1.0)
    # A data set of an earlier version counted refaults without stall, and does not say so.
    old = {"availablePercentAggressive": 5, "availablePercentCritical": 1}
    given = score_baselines(NAMES, labelled, labelled, [0, 2, 3], LABELS, old)["persistence"]
    assert given["accuracy"] == pytest.approx(1 / 3)
    assert given["thresholds"]["availablePercentAggressive"] == 5
    assert given["thresholds"]["stallSomeWithComeback"] == 0


def test_baseline_has_the_thresholds_of_the_host():
    source = ROOT / "src" / "prepare" / "labels.ts"
    body = source.read_text().split("defaultThresholds: LabelThresholds = {")[1].split("}")[0]
    ours = {name: float(value) for name, value in re.findall(r"(\w+): ([\d.]+)", body)}
    assert {name: ours[name] for name in DEFAULT_THRESHOLDS} == dict(DEFAULT_THRESHOLDS)
    # Kills are in no feature.
    assert set(ours) - set(DEFAULT_THRESHOLDS) == {"oomReclaimAvailablePercent"}
