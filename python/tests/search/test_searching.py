import json
import os
import signal
import threading
import time

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import ruvector
from ruvector._exceptions import MissingPackageError, SearchError
from ruvector.trainers import StopTraining
from timed_data import make_timed

TREE = DecisionTreeClassifier(max_depth=3)


def search(estimators, dataset=None, **options):
    dataset = make_timed(n=480) if dataset is None else dataset
    return ruvector.search(estimators, dataset, **{"trials": 5, "folds": 3, **options})


def scores_of(found):
    return [(row.name, row.score, dict(row.parameters)) for row in found.leaderboard]


@pytest.fixture(scope="module")
def watched():
    """A search whose data set counts the reads of the test split before the best is fitted."""
    dataset, reads = make_timed(n=480), []
    found = search(
        {"tree": TREE, "linear": make_pipeline(StandardScaler(), LogisticRegression())},
        dataset,
        trials=7,
        callbacks=[lambda step: reads.append((step.step, step.of, dataset.reads_of_test))],
    )
    return found, reads


def test_search_measures_the_best_once_on_a_test_split_that_no_trial_read(watched):
    found, reads = watched
    assert {of for _, of, _ in reads} == {7}
    assert {read for step, _, read in reads if step < 7} == {0}
    assert found.best.metrics["rows"] == {"train": 355, "test": 120}
    assert f"{found.best.macro_f1:.3f}" in found.leaderboard.note
    assert "no trial has seen" in found.leaderboard.note


def test_search_leaderboard_is_sorted_and_holds_the_rules_with_intervals_and_costs(watched):
    board = watched[0].leaderboard
    assert [row.score for row in board] == sorted((row.score for row in board), reverse=True)
    rules = {row.name for row in board if row.kind == "rule"}
    assert rules == {"majority", "usageThreshold", "persistence"}
    for row in board:
        assert row.interval[0] < row.score < row.interval[1]
        assert len(row.fold_scores) == 3
    models = [row for row in board if row.kind == "model"]
    assert {row.name for row in models} == {"tree", "linear"}
    assert all(row.fit_seconds > 0 and row.decision_us > 0 and row.size_bytes > 0 for row in models)
    # The defaults of each are among them.
    assert {row.name for row in models if not row.parameters} == {"tree", "linear"}


def test_search_leaderboard_shows_as_text_html_frame_and_json(watched):
    found, _ = watched
    assert "rule: a threshold on used memory" in repr(found)
    assert "macroF1" in repr(found.leaderboard)
    assert found.leaderboard._repr_html_().count("<tr") == len(found.leaderboard) + 1
    frame = found.leaderboard.to_pandas()
    assert list(frame["score"]) == [row.score for row in found.leaderboard]
    told = found.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["trials"]["complete"] + told["trials"]["pruned"] == 7
    assert "<h2>Search</h2>" in found.report("memopt").to_html()


def test_search_gives_the_same_result_for_the_same_seed(watched):
    options = {"spaces": {"tree": lambda trial: {"max_depth": trial.suggest_int("depth", 1, 9)}}}
    first, again = (search({"tree": TREE}, seed=3, **options) for _ in range(2))
    assert scores_of(first) == scores_of(again)
    assert scores_of(first) != scores_of(search({"tree": TREE}, seed=4, **options))


def test_search_tries_what_the_caller_says_and_nothing_else():
    found = search(
        KNeighborsClassifier(),
        spaces={
            "sklearn.KNeighborsClassifier": lambda trial: {
                "n_neighbors": trial.suggest_categorical("n", [3, 33])
            }
        },
    )
    tried = [row.parameters for row in found.leaderboard if row.kind == "model"]
    assert {json.dumps(each) for each in tried} <= {
        "{}",
        '{"n_neighbors": 3}',
        '{"n_neighbors": 33}',
    }


def test_search_goes_on_from_its_file_and_ends_as_if_it_had_not_stopped(tmp_path):
    whole = search({"tree": TREE}, trials=6)
    file = tmp_path / "search.log"

    def stop(step):
        if step.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search({"tree": TREE}, trials=6, storage=file, callbacks=[stop])
    begun = []
    found = search(
        {"tree": TREE}, trials=6, storage=file, callbacks=[lambda step: begun.append(step.step)]
    )
    assert min(begun) == 3
    assert scores_of(found) == scores_of(whole)
    # All trials are there: nothing is left to run, and the rules are known all the same.
    assert scores_of(search({"tree": TREE}, trials=6, storage=file)) == scores_of(whole)


def test_search_refuses_a_file_of_another_search(tmp_path):
    file = tmp_path / "search.log"
    search({"tree": TREE}, trials=1, storage=file)
    with pytest.raises(SearchError, match="made with another folds, seed"):
        search({"tree": TREE}, trials=1, storage=file, folds=2, seed=9)


def test_search_ends_with_what_is_complete_when_a_callback_stops_it():
    def stop(step):
        if step.step == 2:
            raise StopTraining

    found = search({"tree": TREE}, trials=50, callbacks=[stop])
    assert found.trials["complete"] == 2


def test_search_ends_with_what_is_complete_when_its_time_is_over():
    found = search({"tree": TREE}, trials=10_000, timeout_seconds=0.01)
    assert found.trials["complete"] == 1


def test_search_ends_within_a_second_of_an_interrupt():
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def start(step):
        if step.step == 1 and not timer.is_alive() and not sent:
            timer.start()

    timer = threading.Timer(0.05, interrupt)
    with pytest.raises(KeyboardInterrupt):
        search("sklearn.RandomForestClassifier", make_timed(n=3000), trials=50, callbacks=[start])
    assert time.monotonic() - sent[0] < 1.0


def test_search_ends_for_good_with_what_a_callback_raises():
    def fail(step):
        if step.step == 1:
            raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        search({"tree": TREE}, callbacks=[fail])


def test_search_counts_failed_trials_and_says_why():
    found = search(
        {"tree": TREE},
        spaces={"tree": lambda trial: {"max_depth": trial.suggest_int("d", -5, -1)}},
        trials=3,
    )
    assert found.trials == {"complete": 1, "pruned": 0, "failed": 2}
    assert "max_depth" in found.failures[0]
    with pytest.raises(SearchError, match="every trial failed: tree"):
        search({"tree": DecisionTreeClassifier(max_depth=-1)}, trials=1)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"trials": 0, "folds": 1}, "trials is 0.*folds is 1"),
        ({"gap_ms": 100}, "look ahead and features back by 15000 ms"),
        ({"spaces": {"forest": dict}}, "no estimator 'forest'; use 'tree'"),
        ({"timeout_seconds": -1}, "timeout_seconds is -1"),
    ],
)
def test_search_refuses_options_it_cannot_work_with(options, why):
    with pytest.raises(SearchError, match=why):
        search({"tree": TREE}, **options)


def test_search_refuses_estimators_of_several_tasks_and_of_one_name():
    with pytest.raises(SearchError, match="their tasks differ"):
        search(["sklearn.IsolationForest", "sklearn.RandomForestClassifier"])
    with pytest.raises(SearchError, match="two estimators are called"):
        search([TREE, DecisionTreeClassifier()])


def test_search_names_the_line_that_installs_optuna(monkeypatch):
    monkeypatch.setattr("ruvector._training.registry.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ruvector-memopt\[search\]'"):
        search({"tree": TREE})


@pytest.mark.parametrize(
    ("estimator", "score"),
    [("sklearn.IsolationForest", "averagePrecision"), ("sklearn.Ridge", "mae")],
)
def test_search_ranks_detectors_and_forecasts_by_their_own_score(estimator, score):
    dataset = make_timed(n=480)
    dataset.feature_names = ("usage_percent", "available_percent", "a", "b", "c")
    found = search(estimator, dataset, trials=2)
    board = found.leaderboard
    assert board.score == score
    values = [row.score for row in board]
    assert values == sorted(values, reverse=score != "mae")
    assert {row.kind for row in board} == {"model", "rule"}
    assert found.best.assessment["comparison"]["sentence"]


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_search_tries_sizes_of_networks(framework):
    from ruvector import trainers

    kind = {"torch": trainers.TorchClassifier, "keras": trainers.KerasClassifier}[framework]
    found = search({framework: kind(max_epochs=2)}, trials=2, folds=2)
    assert found.trials == {"complete": 2, "pruned": 0, "failed": 0}
    defaults, tried = sorted(
        (dict(row.parameters) for row in found.leaderboard if row.kind == "model"), key=len
    )
    assert defaults == {}
    assert set(tried) == {"hidden", "layers", "learning_rate", "dropout", "batch_size"}
    assert found.best.package.parity.max_abs_diff <= 1e-5
