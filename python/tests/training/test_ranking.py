import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ruvector._training.bootstrap import count_draws, mean_interval
from ruvector._training.ranking import Ranking, rank


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=4, max_size=40).filter(
        lambda rows: 0 < sum(truth for truth, _ in rows) < len(rows)
    )
)
@settings(max_examples=25, deadline=None)
def test_rank_equals_the_metrics_of_scikit_learn_with_ties(rows):
    truth, score = (np.asarray(part) for part in zip(*rows, strict=True))
    found = rank(truth.astype(bool), score.astype(float), block=2)
    assert np.isclose(found.average_precision, average_precision_score(truth, score))
    assert np.isclose(found.roc_auc, roc_auc_score(truth, score))
    assert found.interval[0] <= found.interval[1]


def test_rank_has_no_figures_where_all_rows_are_of_one_kind():
    assert rank(np.zeros(5, bool), np.arange(5.0), block=1) == Ranking()


def test_count_draws_takes_as_many_rows_in_each_draw_as_there_are():
    counts = np.concatenate(list(count_draws(53, 7)))
    assert counts.shape == (1000, 53)
    assert (counts.sum(axis=1) == 53).all()


def test_mean_interval_holds_the_mean_and_narrows_with_rows():
    rng = np.random.default_rng(0)
    few, many = rng.normal(5, 1, 50), rng.normal(5, 1, 5000)
    (low, high), (near_low, near_high) = mean_interval(few, 3), mean_interval(many, 3)
    assert low < few.mean() < high
    assert near_high - near_low < (high - low) / 3
