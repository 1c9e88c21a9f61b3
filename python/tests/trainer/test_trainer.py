"""The training process without a daemon: jobs, messages, and how it fails when run by hand.

With a real daemon it is tested from Node: test/integration/train/train.test.ts.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruvector._exceptions import JobError
from ruvector.trainer._channel import Channel
from ruvector.trainer._job import TrainJob, parse_job
from ruvector.trainer._run import run_job
from training_data import make_dataset

JOB = {"name": "m", "estimator": "sklearn.RandomForestClassifier"}


class FakeClient:
    """Answers like the daemon, from memory."""

    def __init__(self):
        self.dataset_params = None
        self.deployed = []

    def dataset(self, params=None):
        self.dataset_params = params
        return make_dataset()

    def request(self, name, params, *, attachments):
        self.deployed.append((name, params, attachments))

        @dataclass
        class Reply:
            result: dict

        return Reply({"name": "m", "version": "v1", "swap": {"totalMs": 3.0}})


def run_by_hand(line, **options):
    return subprocess.run(
        [sys.executable, "-m", "ruvector.trainer"],
        input=line,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def messages_of(output):
    found = [json.loads(line) for line in output.splitlines() if line]
    return [message for message in found if message["type"] != "alive"]


def test_parse_job_fills_in_what_is_not_given():
    assert parse_job(json.dumps(JOB)) == TrainJob("m", "sklearn.RandomForestClassifier")


def test_parse_job_names_every_field_that_is_wrong():
    wrong = {"name": 3, "parameters": [], "activate": "yes", "sampleWeight": "heavy"}
    with pytest.raises(JobError) as caught:
        parse_job(json.dumps(wrong))
    for field in ("name", "estimator", "parameters", "activate", "sampleWeight"):
        assert f'"{field}"' in str(caught.value)


def test_parse_job_reads_task_window_seed_search_and_logger():
    asked = {
        "task": "forecast",
        "window": {"steps": 16, "everyMs": 1000},
        "seed": 3,
        "search": {"trials": 5, "gapMs": 0},
        "logger": "mlflow",
    }
    job = parse_job(json.dumps({**JOB, **asked}))
    assert (job.task, job.seed, job.logger) == ("forecast", 3, "mlflow")
    assert job.window == {"steps": 16, "every_ms": 1000}
    assert job.search == {"trials": 5, "gap_ms": 0}


@pytest.mark.parametrize(
    "part",
    [
        {"task": "ranking"},
        {"window": {"steps": 16}},
        {"window": {"steps": -1, "everyMs": 1000}},
        {"search": {"trials": 0}},
        {"search": {"tries": 5}},
        {"logger": "stdout"},
        {"seed": "x"},
    ],
)
def test_parse_job_names_a_part_that_cannot_be(part):
    with pytest.raises(JobError, match=next(iter(part))):
        parse_job(json.dumps({**JOB, **part}))


@given(st.one_of(st.text(), st.binary()))
def test_parse_job_raises_nothing_but_job_errors(text):
    with pytest.raises(JobError):
        parse_job(text)


def test_run_job_streams_fits_exports_and_deploys():
    client, stages = FakeClient(), []
    job = TrainJob("m", JOB["estimator"], {"n_estimators": 5}, {"horizon_ms": 5000})
    result = run_job(
        job,
        client,
        lambda stage, fraction, _message, **figures: stages.append((stage, fraction, figures)),
    )
    told = list(dict.fromkeys(stage for stage, _, _ in stages))
    assert told == ["stream", "fit", "export", "deploy", "done"]
    assert [fraction for _, fraction, _ in stages] == sorted(fraction for _, fraction, _ in stages)
    assert max(figures.get("step", 0) for _, _, figures in stages) > 0
    assert client.dataset_params == {"horizon_ms": 5000, "task": "classification"}
    assert client.deployed[0][0] == "model.deploy"
    assert result["deployment"] == {
        "name": "m",
        "version": "v1",
        "isLive": True,
        "swap": {"totalMs": 3.0},
        "reason": "",
        "gate": None,
    }
    assert sum(result["classCounts"].values()) == 600
    assert result["manifest"]["trainer"]["fitSeconds"] > 0
    assert result["timings"]["fitReturnedMonotonicNs"] < time.monotonic_ns()
    json.dumps(result, allow_nan=False)


def test_channel_ends_a_line_that_was_cut_short():
    stream = io.BytesIO(b'{"type":"resu')
    stream.seek(0, io.SEEK_END)
    Channel(stream).send("error", message="x")
    lines = [line for line in stream.getvalue().split(b"\n") if line]
    assert json.loads(lines[-1]) == {"type": "error", "message": "x"}


def test_trainer_reports_a_bad_job_on_standard_output_when_run_by_hand():
    ended = run_by_hand("not a job\n")
    ready, error = messages_of(ended.stdout)
    assert ready["type"] == "ready"
    assert error["code"] == "ERR_TRAIN_JOB"
    assert "Traceback" in error["traceback"]
    assert ended.returncode == 1


def test_trainer_says_how_to_start_the_daemon_when_run_by_hand(tmp_path):
    job = {**JOB, "bridgeFile": str(tmp_path / "bridge.json")}
    ended = run_by_hand(json.dumps(job))
    assert messages_of(ended.stdout)[-1]["code"] == "ERR_WIRE_NO_DAEMON"


def test_trainer_reports_a_missing_package(tmp_path):
    (tmp_path / "skl2onnx.py").write_text("raise ImportError('No module named skl2onnx')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = run_by_hand(json.dumps(JOB), env=environment)
    assert messages_of(ended.stdout)[-1]["code"] == "ERR_TRAIN_NO_PACKAGE"


def test_trainer_ends_quietly_when_it_gets_no_job():
    ended = run_by_hand("")
    assert [message["type"] for message in messages_of(ended.stdout)] == ["ready"]
    assert ended.returncode == 0


def test_trainer_reports_a_signal_while_it_waits():
    with subprocess.Popen(
        [sys.executable, "-m", "ruvector.trainer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout:
            if '"ready"' in line:
                break
        process.send_signal(signal.SIGTERM)
        rest = messages_of(process.stdout.read())
        process.stdin.close()
    assert rest[-1]["code"] == "ERR_TRAIN_CANCELLED"
    assert process.returncode == 1
