"""A model out of a file: what a pickle does stays in a child process, and only with trust."""

import os
import pickle

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ruvector._exceptions import (
    FeatureMismatchError,
    ModelFileError,
    UntrustedModelError,
)
from ruvector._model_loader.__main__ import load_model
from ruvector._training.deployment import deploy
from ruvector._training.parity import create_session
from training_data import make_dataset


class Client:
    def __init__(self):
        self.requests = []

    def request(self, name, params, *, attachments=()):
        self.requests.append((name, params, attachments))
        return type("Reply", (), {"result": {"version": "1", "isLive": True}})()


class LeavesItsPid:
    """Writes which process unpickled it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        code = f"import os, pathlib; pathlib.Path({str(self.path)!r}).write_text(str(os.getpid()))"
        return (exec, (code,))


@pytest.fixture(scope="module")
def dataset():
    return make_dataset(n=300)


@pytest.fixture(scope="module")
def forest(dataset):
    model = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0)
    return model.fit(dataset.X("train"), dataset.y("train"))


def test_deploy_converts_a_joblib_file_in_another_process_behind_a_warning(
    dataset, forest, tmp_path
):
    path = tmp_path / "custom_model.joblib"
    mark = tmp_path / "pid"
    forest.mark = LeavesItsPid(mark)
    joblib.dump(forest, path)
    del forest.mark
    client = Client()
    with pytest.warns(UserWarning, match="is a pickle: what it holds runs now"):
        deployment = deploy(path, trusted=True, dataset=dataset, client=client)
    assert deployment.name == "custom_model"
    assert int(mark.read_text()) != os.getpid()
    _, params, attachments = client.requests[0]
    assert params["manifest"]["trainer"]["estimator"] == "sklearn.ensemble.RandomForestClassifier"
    _, shares = create_session(attachments[0]).run(None, {"X": dataset.X("test")})
    assert np.abs(shares - forest.predict_proba(dataset.X("test"))).max() <= 1e-6


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib"])
def test_deploy_refuses_a_pickle_that_nobody_trusts_and_leaves_it_alone(suffix, dataset, tmp_path):
    path, mark = tmp_path / f"model{suffix}", tmp_path / "pid"
    path.write_bytes(pickle.dumps(LeavesItsPid(mark)))
    with pytest.raises(UntrustedModelError, match=r"pass trusted=True.*\.skops"):
        deploy(str(path), dataset=dataset, client=Client())
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore:.*is a pickle")
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os._exit(7)", "status 7"),
        ("raise SystemExit('enough')", "SystemExit"),
    ],
)
def test_deploy_survives_a_pickle_that_ends_its_process(code, why, dataset, tmp_path):
    class Ends:
        def __reduce__(self):
            return (exec, (code,))

    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Ends()))
    with pytest.raises(Exception, match=why) as caught:
        deploy(path, trusted=True, dataset=dataset, client=Client())
    assert caught.value.code in ("ERR_TRAIN_MODEL_FILE", "ERR_TRAIN_FAILED")


@pytest.mark.filterwarnings("ignore:.*is a pickle")
def test_deploy_says_what_is_wrong_with_a_file(dataset, tmp_path):
    path = tmp_path / "model.pkl"
    with pytest.raises(ModelFileError, match="there is no such file"):
        deploy(path, trusted=True, dataset=dataset, client=Client())
    path.write_bytes(b"no pickle at all")
    with pytest.raises(ModelFileError, match="save the model again"):
        deploy(path, trusted=True, dataset=dataset, client=Client())
    with pytest.raises(FeatureMismatchError, match="pass dataset="):
        deploy(path, trusted=True, client=Client())


def test_deploy_takes_a_skops_file_without_trust(dataset, forest, tmp_path):
    path = tmp_path / "model.skops"
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    skops.io.dump(linear.fit(dataset.X("train"), dataset.y("train")), path)
    client = Client()
    assert deploy(path, name="linear", dataset=dataset, client=client).name == "linear"
    assert client.requests[0][1]["manifest"]["trainer"]["estimator"] == "sklearn.pipeline.Pipeline"


def test_load_model_names_the_types_of_a_skops_file_that_are_not_known(dataset, tmp_path):
    path = tmp_path / "model.skops"
    odd = LogisticRegression(max_iter=500).fit(dataset.X("train"), dataset.y("train"))
    odd.odd = OddType()
    skops.io.dump(odd, path)
    with pytest.raises(UntrustedModelError, match=r"OddType.*pass trusted=\[") as caught:
        load_model(path, False)
    assert caught.value.code == "ERR_TRAIN_UNTRUSTED"


class OddType:
    """A type that skops does not know."""

    value = 1
