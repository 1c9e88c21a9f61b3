import pickle
from dataclasses import dataclass, field

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ruvector._deploy import deploy
from ruvector._fit import fit
from ruvector._onnx import export_onnx
from ruvector._training_errors import (
    FeatureMismatchError,
    NotAModelError,
    NotFittedModelError,
    ParityError,
)
from training_data import make_dataset

forest = RandomForestClassifier(n_estimators=8, max_depth=6, random_state=0)


@dataclass
class Reply:
    result: dict


@dataclass
class RecordingClient:
    """Keeps what it was asked; answers like the daemon."""

    requests: list = field(default_factory=list)

    def request(self, name, params, *, attachments):
        self.requests.append((name, params, attachments))
        swap = {"swapUs": 2.0} if params["activate"] else None
        return Reply({"name": "m", "version": "20260101T000000000-ab12cd34", "swap": swap})


def test_deploy_sends_manifest_model_and_golden_rows():
    client = RecordingClient()
    dataset = make_dataset()
    deployment = deploy(fit(forest, dataset), name="memory-pressure", client=client)
    [(name, params, (model, golden))] = client.requests
    assert name == "model.deploy"
    assert params["manifest"]["name"] == "memory-pressure"
    assert params["activate"] is True
    assert params["manifest"]["model"]["sizeBytes"] == len(model)
    assert golden[:4] == b"\xff\xff\xff\xff"  # an Arrow IPC stream
    assert deployment.version == "20260101T000000000-ab12cd34"
    assert deployment.activated
    onnxruntime.InferenceSession(model).run(None, {"X": dataset.X("test")})


def test_deploy_can_store_a_model_without_letting_it_decide():
    client = RecordingClient()
    assert not deploy(
        fit(forest, make_dataset()), name="m", activate=False, client=client
    ).activated
    assert client.requests[0][1]["activate"] is False


def test_deploy_takes_an_exported_package_under_another_name():
    client = RecordingClient()
    package = export_onnx(fit(forest, make_dataset()))
    deploy(package, name="renamed", client=client)
    assert client.requests[0][1]["manifest"]["name"] == "renamed"
    assert package.manifest["name"] == "model"


def test_deploy_takes_an_estimator_fitted_on_a_data_frame():
    dataset = make_dataset(missing=0.02)
    frame = pd.DataFrame(dataset.X("train"), columns=dataset.feature_names)
    model = make_pipeline(SimpleImputer(), RandomForestClassifier(n_estimators=8, max_depth=6))
    model.fit(frame, dataset.y("train"))
    client = RecordingClient()
    deploy(model, name="m", dataset=dataset, client=client)
    manifest = client.requests[0][1]["manifest"]
    assert manifest["metrics"]["macroF1"] > 0.5
    assert list(model.feature_names_in_) == list(dataset.feature_names)


@pytest.mark.parametrize("disguise", ["bytes", "path"])
def test_deploy_refuses_a_pickle_without_opening_it(disguise, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was loaded",))

    payload = pickle.dumps(Bomb())
    path = tmp_path / "custom_model.pkl"
    path.write_bytes(payload)
    with pytest.raises(NotAModelError, match="Cannot deploy a pickle") as caught:
        deploy(payload if disguise == "bytes" else path, name="m", client=RecordingClient())
    assert caught.value.code == "ERR_TRAIN_NOT_A_MODEL"


def test_deploy_refuses_an_unfitted_model():
    with pytest.raises(NotFittedModelError, match="it is not fitted; call fit"):
        deploy(forest, name="m", dataset=make_dataset(), client=RecordingClient())


@pytest.mark.parametrize("thing", [3, "model", RandomForestRegressor(), LogisticRegression])
def test_deploy_refuses_what_is_not_a_classifier(thing):
    with pytest.raises(NotAModelError, match="is not a fitted classifier"):
        deploy(thing, name="m", client=RecordingClient())


def test_deploy_asks_for_the_data_set_of_a_plain_estimator():
    dataset = make_dataset()
    model = LogisticRegression(max_iter=2000).fit(dataset.X("train"), dataset.y("train"))
    with pytest.raises(FeatureMismatchError, match="pass dataset="):
        deploy(model, name="m", client=RecordingClient())


def test_deploy_refuses_other_columns_and_another_width():
    dataset = make_dataset()
    frame = pd.DataFrame(dataset.X("train"), columns=dataset.feature_names[::-1])
    client = RecordingClient()
    with pytest.raises(FeatureMismatchError, match="was fitted on columns feature_7"):
        deploy(
            forest.__class__(3).fit(frame, dataset.y("train")),
            name="m",
            dataset=dataset,
            client=client,
        )
    narrow = forest.__class__(3).fit(np.asarray(dataset.X("train")[:, :5]), dataset.y("train"))
    with pytest.raises(FeatureMismatchError, match="fitted on 5 features, the host computes 8"):
        deploy(narrow, name="m", dataset=dataset, client=client)
    assert client.requests == []


def test_deploy_sends_nothing_when_parity_fails():
    dataset = make_dataset()
    result = fit(forest, dataset)
    client = RecordingClient()
    result.model.estimators_[0].tree_.value[:] = np.nan
    with pytest.raises(ParityError, match="Cannot prove parity"):
        deploy(result, name="m", client=client)
    assert client.requests == []
