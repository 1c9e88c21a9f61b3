import json

import pytest

from ruvector._exceptions import SearchError
from ruvector._search import fit_or_search
from ruvector._training import open_run
from timed_data import make_timed


def run(search, parameters=None, callbacks=()):
    with open_run(None, "m") as log:
        return fit_or_search(
            "sklearn.RandomForestClassifier",
            make_timed(n=300),
            parameters=parameters or {"n_estimators": 5},
            sample_weight="balanced",
            seed=1,
            search=search,
            callbacks=callbacks,
            run=log,
        )


def test_fit_or_search_fits_once_without_a_search():
    steps = []
    result, found = run(None, callbacks=[steps.append])
    assert found is None
    assert result.parameters["n_estimators"] == 5
    assert steps


def test_fit_or_search_gives_the_best_and_a_leaderboard_that_is_json():
    steps = []
    result, found = run({"trials": 3, "folds": 2}, callbacks=[steps.append])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    models = [row for row in found["leaderboard"] if row["kind"] == "model"]
    assert len(models) == found["trials"]["complete"]
    assert {row["name"] for row in models} == {"sklearn.RandomForestClassifier"}
    assert {row["kind"] for row in found["leaderboard"]} == {"model", "rule"}
    assert steps[-1].of == 3
    best = models[0]["parameters"]
    assert all(result.parameters[key] == value for key, value in best.items())


def test_fit_or_search_refuses_a_gap_that_lets_labels_through():
    with pytest.raises(SearchError, match="by 15000 ms together"):
        run({"trials": 1, "gap_ms": 10})
