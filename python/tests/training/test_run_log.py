import json
import socket
import time

import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

import ruvector
from ruvector._exceptions import LoggerError, MissingPackageError
from ruvector._training import RunLogWarning, deploy
from ruvector._training import fit_here as fit
from timed_data import make_timed

# What MLflow says to itself while it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:.*type hint is inferred:UserWarning")

SMALL = MLPClassifier((4,), max_iter=6, random_state=0)


class Answer:
    result = {"version": "v1", "isLive": True, "reason": "passed the gate", "swap": {}}  # noqa: RUF012


class Daemon:
    """Answers a deployment as a daemon that made it live."""

    def __init__(self):
        self.requests = []

    def request(self, name, params, *, attachments):
        self.requests.append((name, params, attachments))
        return Answer()


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A file store of MLflow, and the caller's own settings for it."""
    # MLflow 3.17 refuses a file store without this.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


@pytest.fixture
def unreachable():
    """A port of this host at which nobody answers."""
    import mlflow

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        mlflow.set_tracking_uri(f"http://127.0.0.1:{held.getsockname()[1]}")
        yield
        mlflow.set_tracking_uri(None)


def files_of(store, run_id, folder=None):
    return {each.path for each in store.list_artifacts(run_id, folder)}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fit_logs_parameters_metrics_of_steps_and_of_the_end_model_and_report(store):
    result = fit(SMALL, make_timed(n=240), logger="mlflow")
    run = store.get_run(result.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["estimator"].endswith("MLPClassifier")
    assert run.data.params["max_iter"] == "6"
    losses = store.get_metric_history(result.run_id, "loss")
    assert [each.step for each in losses] == [
        each.step for each in result.steps if each.loss is not None
    ]
    assert [each.value for each in losses] == [
        each.loss for each in result.steps if each.loss is not None
    ]
    metrics = run.data.metrics
    assert metrics["macroF1"] == result.macro_f1
    assert metrics["interval.low"] == result.metrics["interval"][0]
    assert metrics["rule.majority.macroF1"] == result.baselines["majority"]["macroF1"]
    assert metrics["parity.labelMismatches"] == 0
    assert metrics["calibration.ece"] == result.assessment["calibration"]["ece"]
    assert run.data.tags["dataset.sha256"] == "cd" * 32
    assert run.data.tags["featureSpec.sha256"] == "ab" * 32
    assert run.data.tags["ruvector.verdict"] == result.assessment["comparison"]["sentence"]
    assert len(run.data.tags["git.commit"]) == 40
    assert {"report.html", "manifest.json"} <= files_of(store, result.run_id)


def test_fit_logs_a_model_that_mlflow_loads_with_its_signature(store):
    import mlflow

    result = fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="mlflow")
    uri = f"runs:/{result.run_id}/model"
    assert mlflow.onnx.load_model(uri).graph.input[0].name == "X"
    signature = mlflow.models.get_model_info(uri).signature
    assert [(each.name, each.type.name, each.shape) for each in signature.inputs] == [
        ("X", "float32", (-1, 5))
    ]
    assert {each.name for each in signature.outputs} == {"label", "probabilities"}


def test_fit_logs_the_model_as_a_file_where_the_flavour_lacks_a_package(store, monkeypatch):
    import sys

    # A module that is None cannot be imported, as without pandas.
    monkeypatch.setitem(sys.modules, "mlflow.onnx", None)
    result = fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="mlflow")
    assert files_of(store, result.run_id, "model") == {"model/model.onnx", "model/signature.json"}


def test_deploy_logs_into_the_run_of_the_fit_and_into_one_of_its_own_without(store):
    result = fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="mlflow")
    deploy(result, name="memopt", client=Daemon(), logger="mlflow")
    tags = store.get_run(result.run_id).data.tags
    assert tags["ruvector.model"] == "memopt@v1"
    assert tags["ruvector.isLive"] == "true"
    assert tags["ruvector.reason"] == "passed the gate"
    deploy(result.package, name="other", client=Daemon(), logger="mlflow")
    runs = store.search_runs(["0"])
    assert len(runs) == 2
    assert "macroF1" in next(run for run in runs if run.info.run_id != result.run_id).data.metrics


def test_search_logs_every_complete_trial_below_its_run(store):
    found = ruvector.search(
        {"tree": DecisionTreeClassifier(max_depth=4)},
        make_timed(n=300),
        trials=3,
        folds=2,
        logger="mlflow",
    )
    run_id = found.best.run_id
    children = store.search_runs(["0"], f"tags.mlflow.parentRunId = '{run_id}'")
    models = [row for row in found.leaderboard if row.kind == "model"]
    assert {child.data.metrics["score"] for child in children} == {row.score for row in models}
    assert all(child.info.status == "FINISHED" for child in children)
    assert {"report.html", "leaderboard.html"} <= files_of(store, run_id)


def test_fit_leaves_a_failed_run_when_it_fails(store):
    def fail(_step):
        raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        fit(SMALL, make_timed(n=240), callbacks=[fail], logger="mlflow")
    (run,) = store.search_runs(["0"])
    assert run.info.status == "FAILED"
    assert run.data.tags["ruvector.error"] == "OSError: the caller's own"


def test_fit_and_deploy_lose_nothing_when_the_tracking_server_is_not_there(unreachable):
    started = time.monotonic()
    with pytest.warns(RunLogWarning, match=r"nobody answers at 127\.0\.0\.1"):
        result = fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="mlflow")
    assert result.run_id is None
    assert result.macro_f1 > 0.5
    daemon = Daemon()
    with pytest.warns(RunLogWarning, match="MLFLOW_TRACKING_URI"):
        deployment = deploy(result, name="memopt", client=daemon, logger="mlflow")
    assert deployment.activated
    assert len(daemon.requests) == 1
    assert time.monotonic() - started < 20


def test_fit_names_the_line_that_installs_mlflow(monkeypatch):
    monkeypatch.setattr("ruvector._training.registry.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ruvector-memopt\[mlflow\]'"):
        fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="mlflow")


def test_fit_refuses_a_logger_it_does_not_know():
    with pytest.raises(LoggerError, match=r'Cannot log to "wandb".*use "mlflow"') as caught:
        fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240), logger="wandb")
    assert caught.value.code == "ERR_TRAIN_LOGGER"


def test_fit_package_has_a_manifest_with_what_the_report_shows():
    package = fit(DecisionTreeClassifier(max_depth=4), make_timed(n=240)).package
    metrics = json.loads(json.dumps(package.manifest, allow_nan=False))["metrics"]
    assert {"comparison", "calibration", "importance"} <= set(metrics)
    assert metrics["importance"]["features"][0]["feature"] == "feature_1"
    assert "differenceInterval" in metrics["baseline"]["majority"]
