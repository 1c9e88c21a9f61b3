from itertools import pairwise

import numpy as np
import pytest

from ruvector._exceptions import SearchError
from ruvector._search.folds import FoldDataset, make_folds, smallest_gap_ms
from timed_data import make_timed
from training_data import make_dataset


def test_make_folds_trains_on_the_past_only_and_leaves_the_gap_out():
    dataset = make_timed()
    folds = make_folds(dataset, 4, 15_000, "classification")
    assert len(folds) == 4
    ends = []
    for fold in folds:
        trained, tested = fold.timestamps("train"), fold.timestamps("test")
        assert tested.min() - trained.max() > 15_000
        assert set(fold.timestamps("gap")).isdisjoint({*trained, *tested})
        assert len(fold.X("train")) == len(fold.y("train")) == len(trained)
        ends.append((tested.min(), tested.max()))
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert ends[-1][1] == dataset.timestamps("train").max()


def test_make_folds_never_reads_the_test_split():
    dataset = make_timed()
    for fold in make_folds(dataset, 3, 15_000, "classification"):
        for split in ("train", "gap", "test"):
            fold.X(split), fold.y(split), fold.timestamps(split)
    assert dataset.reads_of_test == 0


def test_make_folds_sorts_rows_of_a_clock_that_stepped_back():
    dataset = make_timed()
    order = np.random.default_rng(0).permutation(len(dataset.y("train")))
    dataset._splits["train"] = tuple(part[order] for part in dataset._splits["train"])
    dataset._times["train"] = dataset._times["train"][order]
    for fold in make_folds(dataset, 3, 15_000, "classification"):
        assert fold.timestamps("test").min() - fold.timestamps("train").max() > 15_000


def test_make_folds_leaves_out_folds_without_two_labels_before_them():
    dataset = make_timed()
    dataset._splits["train"][1][:300] = 0
    assert len(make_folds(dataset, 4, 15_000, "classification")) < 4
    dataset._splits["train"][1][:] = 0
    with pytest.raises(
        SearchError, match="a gap of 15 s, and those of two labels; collect"
    ) as caught:
        make_folds(dataset, 4, 15_000, "classification")
    assert caught.value.code == "ERR_TRAIN_SEARCH"
    assert len(make_folds(dataset, 4, 15_000, "forecast")) == 4


def test_make_folds_counts_the_gap_in_rows_where_there_are_no_times():
    folds = make_folds(make_dataset(n=400), 3, 0, "classification")
    assert [len(fold.y("gap")) for fold in folds] == [7, 7, 7]


def test_smallest_gap_ms_is_horizon_and_look_back_and_window():
    assert smallest_gap_ms(make_timed(horizon_ms=5000, trend_window_ms=10_000)) == 15_000
    windowed = make_timed(horizon_ms=5000, trend_window_ms=10_000)
    windowed.window = {"steps": 16, "everyMs": 1000}
    assert smallest_gap_ms(windowed) == 30_000
    assert smallest_gap_ms(make_dataset()) == 0


def test_fold_dataset_hands_out_facts_but_no_rows_that_it_does_not_know():
    dataset = make_timed()
    dataset.window = {"steps": 2}
    dataset.sample_weight = lambda split: np.ones(len(dataset.y(split)))
    parts = {name: np.arange(3) for name in ("train", "gap", "test")}
    fold = FoldDataset(dataset, parts)
    assert fold.feature_names == dataset.feature_names
    assert fold.window == {"steps": 2}
    assert fold.target("train") is None
    with pytest.raises(AttributeError, match='"sample_weight" of a fold'):
        fold.sample_weight("train")
