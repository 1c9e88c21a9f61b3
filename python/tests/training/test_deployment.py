import pickle
from dataclasses import dataclass, field, replace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ruvector._exceptions import (
    FeatureMismatchError,
    NotAModelError,
    NotFittedModelError,
    ParityError,
    ProbabilitiesError,
)
from ruvector._training.answers import Answers
from ruvector._training.deployment import deploy
from ruvector._training.fitting import fit_here as fit
from ruvector._training.golden import decode_golden, encode_golden
from ruvector._training.onnx_export import OnnxModel, export_onnx
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
        is_live = params.get("activate", len(attachments) == 3)
        swap = {"swapUs": 2.0} if is_live else None
        reason = "macro-F1 0.9 is not below" if is_live else "it came without held-out rows"
        answer = {"version": "20260101T000000000-ab12cd34", "swap": swap, "isLive": is_live}
        return Reply({"name": "m", "reason": reason, **answer})


def test_deploy_sends_manifest_model_and_golden_rows():
    client = RecordingClient()
    dataset = make_dataset()
    deployment = deploy(fit(forest, dataset), name="memory-pressure", client=client)
    [(name, params, (model, golden, held_out))] = client.requests
    assert name == "model.deploy"
    assert params["manifest"]["name"] == "memory-pressure"
    assert "activate" not in params  # the gate decides
    assert held_out[:4] == golden[:4]
    assert params["manifest"]["heldOut"]["rows"] == len(dataset.y("test"))
    assert deployment.reason == "macro-F1 0.9 is not below"
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


def test_deploy_can_force_a_model():
    client = RecordingClient()
    assert deploy(fit(forest, make_dataset()), name="m", activate=True, client=client).activated
    assert client.requests[0][1]["activate"] is True


def test_deploy_of_a_bare_package_sends_held_out_rows_only_when_it_is_given_a_data_set():
    dataset = make_dataset()
    whole = export_onnx(fit(forest, dataset))
    bare = OnnxModel(whole.model, whole.manifest, whole.golden, whole.parity)
    client = RecordingClient()
    deployment = deploy(bare, name="m", client=client)
    assert not deployment.activated
    assert deployment.reason == "it came without held-out rows"
    assert "heldOut" not in client.requests[0][1]["manifest"]
    assert deploy(bare, name="m", dataset=dataset, client=client).activated
    assert client.requests[1][2][2] == whole.held_out


def test_deploy_refuses_a_package_whose_golden_rows_hold_no_probabilities():
    whole = export_onnx(fit(forest, make_dataset()))
    names = [feature["name"] for feature in whole.manifest["features"]]
    golden = decode_golden(whole.golden, names)
    numbers = np.log(golden.answers.numbers + 1e-9)
    logits = replace(golden, answers=Answers(golden.answers.label, numbers))
    raw = OnnxModel(whole.model, whole.manifest, encode_golden(logits, names), whole.parity)
    client = RecordingClient()
    with pytest.raises(ProbabilitiesError, match="raw scores or logits"):
        deploy(raw, name="m", client=client)
    assert client.requests == []


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


def test_deploy_refuses_the_bytes_of_a_pickle_without_opening_them():
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was loaded",))

    with pytest.raises(NotAModelError, match="Cannot deploy a pickle") as caught:
        deploy(pickle.dumps(Bomb()), name="m", client=RecordingClient())
    assert caught.value.code == "ERR_TRAIN_NOT_A_MODEL"


def test_deploy_refuses_an_unfitted_model():
    with pytest.raises(NotFittedModelError, match="it is not fitted; call fit"):
        deploy(forest, name="m", dataset=make_dataset(), client=RecordingClient())


@pytest.mark.parametrize("thing", [3, "model", object(), LogisticRegression])
def test_deploy_refuses_what_is_not_a_fitted_estimator(thing):
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
