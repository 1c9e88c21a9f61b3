"""Fits and a search on a real cluster of Ray, started once; one fit starts its own.

Most take longer than ``npm test`` has time for: ``npm run soak -- engines``. There a fit on Ray
runs in test/scenario/train/engines.test.ts.
"""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import ruvector
from engines.engine_data import read_parts, write_parts
from ruvector._training import StopTraining

ray = pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")

pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
# Held-out macro-F1 of one fit and of another on the same rows.
NEAR = 0.01


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_parts(tmp_path_factory.mktemp("ray") / "set")


@pytest.fixture(scope="module")
def local(folder):
    return read_parts(folder)


@pytest.fixture(scope="module")
def cluster():
    from ruvector._engines.options import RayOptions
    from ruvector._engines.ray.cluster import join_cluster

    with join_cluster(RayOptions(workers=2)):
        yield


def workers_of_this_process():
    """Process numbers of the workers of Ray Train below this one."""
    below = psutil.Process().children(recursive=True)
    return [each.pid for each in below if "RayTrainWorker" in " ".join(each.cmdline())]


IN_A_PROCESS = """
import sys, numpy as np, psutil, ruvector
if __name__ == "__main__":
    result = ruvector.fit("sklearn.LogisticRegression", sys.argv[1], engine="ray")
    np.save(sys.argv[2], result.model.predict_proba(result.test_rows))
    left = [p.cmdline()[:1] for p in psutil.Process().children(recursive=True)]
    print(result.engine["workers"], len(left))
"""


@pytest.mark.soak
def test_fit_starts_a_cluster_and_stops_it_and_gives_what_a_local_fit_gives(
    folder, local, tmp_path
):
    answers = tmp_path / "answers.npy"
    line = [sys.executable, "-c", IN_A_PROCESS, folder, str(answers)]
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home)}
    told = subprocess.run(line, capture_output=True, text=True, timeout=800, env=environment)
    assert not (home / ".ray").exists()
    assert told.stdout.split() == ["1", "0"], told.stderr[-2000:]
    result = ruvector.fit("sklearn.LogisticRegression", local)
    np.testing.assert_array_equal(np.load(answers), result.model.predict_proba(result.test_rows))


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "workers"),
    [
        ("sklearn.LogisticRegression", 1),
        ("sklearn.SGDClassifier", 1),
        ("sklearn.HistGradientBoostingClassifier", 1),
        ("sklearn.RandomForestClassifier", 2),
        ("sklearn.ExtraTreesClassifier", 2),
        ("lightgbm.LGBMClassifier", 2),
        ("xgboost.XGBClassifier", 2),
        ("torch.MLP", 2),
    ],
)
def test_fit_on_ray_with_two_workers_is_the_fit_that_a_local_one_is(
    folder, local, cluster, name, workers
):
    result = ruvector.fit(name, folder, engine="ray", workers=2)
    expected = ruvector.fit(name, local)
    assert result.macro_f1 == pytest.approx(expected.macro_f1, abs=NEAR)
    assert expected.macro_f1 > 0.8
    assert result.engine["workers"] == workers
    # Not one copy of it a worker, in a vote.
    assert isinstance(expected.model, type(result.model))
    assert ruvector.export_onnx(result, name="fleet").parity.label_mismatches == 0
    if name.startswith("sklearn."):
        X = local.X("test")
        np.testing.assert_array_equal(
            result.model.predict_proba(X), expected.model.predict_proba(X)
        )


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return write_parts(tmp_path_factory.mktemp("ray-large") / "set", n=24_000)


@pytest.mark.soak
@pytest.mark.parametrize(
    "name",
    [
        "sklearn.SGDClassifier",
        "sklearn.HistGradientBoostingClassifier",
        "sklearn.RandomForestClassifier",
        "torch.MLP",
    ],
)
def test_fit_on_ray_of_rows_that_fit_into_no_worker_comes_near_a_local_one(large, cluster, name):
    result = ruvector.fit(name, large, engine="ray", workers=2, cache_bytes=0)
    expected = ruvector.fit(name, read_parts(large))
    assert result.macro_f1 == pytest.approx(expected.macro_f1, abs=NEAR)
    assert result.engine["workers"] == 2


@pytest.mark.soak
def test_fit_on_ray_boosts_one_model_over_two_workers_and_tells_every_tree(folder, local, cluster):
    heard = []
    result = ruvector.fit("xgboost.XGBClassifier", folder, engine="ray", callbacks=[heard.append])
    assert [step.step for step in heard] == list(range(1, 61))
    expected = ruvector.fit("xgboost.XGBClassifier", local)
    assert result.class_counts == expected.class_counts
    assert result.dataset.rows == expected.dataset.rows
    engine = ruvector.export_onnx(result, name="fleet").manifest["trainer"]["engine"]
    assert (engine["name"], engine["workers"]) == ("ray", 2)


@pytest.mark.soak
def test_fit_on_ray_survives_a_worker_that_is_killed_and_goes_on_from_its_checkpoint(
    folder, local, cluster
):
    killed, heard = [], []

    def kill(step):
        heard.append(step.step)
        if step.step == 4 and not killed:
            killed.append(workers_of_this_process()[0])
            os.kill(killed[0], signal.SIGKILL)

    parameters = {"max_epochs": 12, "patience": 12, "learning_rate": 0.01}
    result = ruvector.fit(
        "torch.MLP",
        folder,
        engine="ray",
        parameters=parameters,
        callbacks=[kill],
        checkpoint_seconds=0.001,
    )
    assert len(killed) == 1
    again = heard[heard.index(4) + 1 :]
    assert 1 < again[0] <= 5, heard
    assert again[-1] == 12
    expected = ruvector.fit("torch.MLP", local, parameters=parameters)
    assert result.macro_f1 == pytest.approx(expected.macro_f1, abs=NEAR)


@pytest.mark.soak
def test_fit_on_ray_ends_early_for_a_callback_and_for_good_for_another_error(folder, cluster):
    def stop(step):
        if step.step == 3:
            raise StopTraining

    def cancel(step):
        raise KeyError("not this")

    result = ruvector.fit("lightgbm.LGBMClassifier", folder, engine="ray", callbacks=[stop])
    assert (len(result.steps), result.model.booster_.num_trees()) == (3, 9)
    with pytest.raises(KeyError, match="not this"):
        ruvector.fit("lightgbm.LGBMClassifier", folder, engine="ray", callbacks=[cancel])


def test_search_on_ray_asks_the_study_for_several_trials_and_tells_it_as_they_end(folder):
    from ruvector._client import open_dataset_folder
    from ruvector._engines.ray.searching import _listener, _searcher
    from ruvector._search import (
        SearchOptions,
        TrialSettings,
        make_folds,
        score_folds,
        search_in_run,
    )
    from ruvector._training import fit_here as fit
    from ruvector._training import open_run

    files = open_dataset_folder(folder)

    class HereButTwoAtATime:
        def run_trials(self, setup, trials):
            hear = _listener(setup)
            searcher, running, number = _searcher(setup, trials, hear), {}, 0
            while True:
                number += 1
                asked = searcher.suggest(str(number))
                if isinstance(asked, dict):
                    running[str(number)] = asked
                if not running:
                    break
                if isinstance(asked, dict) and len(running) < 2:
                    continue
                # One ends before the other, as on several processors.
                for key, config in list(running.items())[:1]:
                    folds = make_folds(files.read(), 2, setup.gap_ms, setup.task)
                    settings = TrialSettings(folds, "balanced", 0)
                    told = config["estimator"], config["parameters"], settings, ()
                    row, rules = score_folds(*told, lambda *_: None)
                    searcher.on_trial_complete(key, {"found": (row, rules)})
                    del running[key]
            assert hear.raised is None

        def fit(self, estimator, parameters, callbacks):
            return fit(estimator, files.read(), parameters=parameters, callbacks=callbacks)

    names = ["sklearn.LogisticRegression", "sklearn.GaussianNB"]
    with open_run(None, "search") as run:
        options = SearchOptions(trials=6, folds=2)
        found = search_in_run(run, names, files, options, HereButTwoAtATime())
    assert found.trials == {"complete": 6, "pruned": 0, "failed": 0}
    rows = [row for row in found.leaderboard.rows if row.kind == "model"]
    assert {row.name for row in rows} == set(names)
    assert len({str(row.parameters) for row in rows}) >= 4


@pytest.mark.soak
def test_search_on_ray_runs_trials_at_once_over_the_same_folds(folder, cluster):
    heard = []
    found = ruvector.search(
        ["sklearn.LogisticRegression", "sklearn.GaussianNB"],
        folder,
        trials=4,
        folds=2,
        engine="ray",
        callbacks=[heard.append],
    )
    assert sum(found.trials.values()) == 4
    assert found.trials["failed"] == 0
    assert {row.name for row in found.leaderboard.rows if row.kind == "model"} >= {
        "sklearn.LogisticRegression"
    }
    assert found.best.engine["name"] == "ray"
    assert heard[-1].of == 4


@pytest.mark.soak
def test_fit_on_ray_joins_the_cluster_at_an_address_and_leaves_it_running(
    folder, cluster, tmp_path
):
    address = ray.get_runtime_context().gcs_address
    code = (
        "import sys, ruvector\n"
        "from ruvector._exceptions import EngineError\n"
        "def run(address):\n"
        "    return ruvector.fit('sklearn.GaussianNB', sys.argv[1], engine='ray',"
        " address=address, checkpoints=sys.argv[3])\n"
        "if __name__ == '__main__':\n"
        "    try: run('127.0.0.1:1')\n"
        "    except EngineError as error: print(error.code, str(error)[:11])\n"
        "    print(run(sys.argv[2]).engine['workers'])"
    )
    line = [sys.executable, "-c", code, folder, address, str(tmp_path)]
    told = subprocess.run(line, capture_output=True, text=True, timeout=800)
    assert told.stdout.split("\n")[:2] == ["ERR_TRAIN_ENGINE Cannot join", "1"], told.stderr[-2000:]
    assert ray.cluster_resources()["CPU"] == 3
