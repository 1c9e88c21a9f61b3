import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from ruvector._training.bootstrap import macro_f1_interval
from ruvector._training.resampled import Truths, draw_scores, score_answers


def test_draw_scores_draws_the_blocks_of_the_gate():
    rng = np.random.default_rng(3)
    expected, answers = rng.integers(3, size=301), rng.integers(3, size=301)
    drawn = draw_scores(Truths("classification", expected, (0, 1, 2), 12), [answers])
    assert np.quantile(drawn[0], (0.025, 0.975)) == pytest.approx(
        macro_f1_interval(expected, answers, (0, 1, 2), 4, 12), abs=1e-6
    )


def test_draw_scores_draws_others_with_another_seed():
    expected = np.arange(100) % 2
    truths = Truths("classification", expected, (0, 1), 5)
    answers = np.where(np.arange(100) % 7 == 0, 1 - expected, expected)
    first, again = (draw_scores(truths, [answers], seed=7) for _ in range(2))
    assert (first == again).all()
    assert (first != draw_scores(truths, [answers], seed=8)).any()


def test_score_answers_equals_scikit_learn():
    rng = np.random.default_rng(5)
    expected = rng.integers(2, size=400)
    scores = np.round(expected + rng.normal(0, 0.8, 400), 1)  # many are equal
    labels = (scores > 0.5).astype(int)
    assert score_answers(Truths("anomaly", expected, (), 9), scores) == pytest.approx(
        average_precision_score(expected, scores)
    )
    assert score_answers(Truths("classification", expected, (0, 1), 9), labels) == pytest.approx(
        f1_score(expected, labels, average="macro")
    )
    assert score_answers(Truths("forecast", expected, (), 9), scores) == pytest.approx(
        np.abs(expected - scores).mean()
    )
