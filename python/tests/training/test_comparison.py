import numpy as np
import pytest

from ruvector._training.bootstrap import macro_f1_difference
from ruvector._training.comparison import compare_with_rules
from ruvector._training.resampled import Truths


def truths_of(expected, task="classification", block=20):
    return Truths(task, np.asarray(expected), (0, 1), block)


def labels(n=600, seed=1):
    # Labels that last for a while, as those of a host do.
    return (np.sin(np.arange(n) / 25 + seed) > 0.3).astype(np.int64)


def flip(expected, share, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(expected)) < share, 1 - expected, expected)


def test_compare_with_rules_calls_a_model_better_when_the_interval_is_above_zero():
    expected = labels()
    rules = {"weak": flip(expected, 0.4, 1), "strong": flip(expected, 0.2, 2)}
    found, each = compare_with_rules(truths_of(expected), flip(expected, 0.05, 3), rules)
    assert found["rule"] == "strong"
    assert found["better"] is True
    assert found["interval"][0] > 0
    assert found["sentence"].startswith("Better than the best rule: macro-F1 0.9")
    assert each["strong"]["differenceInterval"] == found["interval"]
    assert each["weak"]["difference"] > each["strong"]["difference"]


def test_compare_with_rules_claims_nothing_when_a_higher_score_may_be_chance():
    expected = labels()
    found, _ = compare_with_rules(
        truths_of(expected), flip(expected, 0.1, 3), {"rule": flip(expected, 0.11, 2)}
    )
    assert found["interval"][0] < 0 < found["interval"][1]
    assert found["better"] is None
    assert found["sentence"].startswith("Not shown to be better than the best rule")
    assert "contains zero" in found["sentence"]


def test_compare_with_rules_claims_nothing_of_a_model_that_answers_as_the_rule_does():
    expected = labels()
    answers = flip(expected, 0.1, 3)
    found, _ = compare_with_rules(truths_of(expected), answers, {"rule": answers})
    assert found["better"] is None
    assert found["interval"] == [0.0, 0.0]


def test_compare_with_rules_says_worse_when_the_interval_is_below_zero():
    expected = labels()
    found, _ = compare_with_rules(truths_of(expected), flip(expected, 0.4), {"rule": expected})
    assert found["better"] is False
    assert found["sentence"].startswith("Worse than the best rule")


def test_compare_with_rules_draws_both_on_the_same_blocks():
    # Both are wrong in one and the same stretch: each interval is wide, that of the difference not.
    expected = labels(1000)
    answers, rule = expected.copy(), expected.copy()
    answers[:300], rule[:300] = 1 - expected[:300], 1 - expected[:300]
    rule[300::20] = 1 - rule[300::20]
    found, _ = compare_with_rules(truths_of(expected, block=50), answers, {"rule": rule})
    assert found["better"] is True
    assert found["interval"] == pytest.approx(
        macro_f1_difference(expected, answers, rule, (0, 1), 2, 50), abs=1e-9
    )


@pytest.mark.parametrize(
    ("expected", "why"),
    [(labels(20), "20 held-out rows, and fewer than 30"), (np.zeros(200, int), "all have one")],
)
def test_compare_with_rules_cannot_tell_from_too_little(expected, why):
    found, each = compare_with_rules(truths_of(expected), expected, {"rule": expected})
    assert found["better"] is None
    assert why in found["sentence"]
    assert each == {}


def test_compare_with_rules_favours_the_smaller_error_of_a_forecast():
    rng = np.random.default_rng(0)
    expected = np.cumsum(rng.normal(size=500))
    near, far = expected + rng.normal(0, 0.1, 500), expected + rng.normal(0, 1, 500)
    truths = Truths("forecast", expected, (), 10)
    assert compare_with_rules(truths, near, {"persistence": far})[0]["better"] is True
    assert compare_with_rules(truths, far, {"persistence": near})[0]["better"] is False


def test_compare_with_rules_judges_a_detector_by_average_precision():
    expected = labels()
    rng = np.random.default_rng(0)
    good, poor = expected + rng.normal(0, 0.3, 600), expected + rng.normal(0, 2, 600)
    found, _ = compare_with_rules(truths_of(expected, "anomaly"), good, {"usageThreshold": poor})
    assert found["better"] is True
    assert "average precision" in found["sentence"]
