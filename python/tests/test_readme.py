"""The README's example, run as it stands against a daemon made of functions."""

import re

import pyarrow as pa
import pytest

import ruvector
from repository import ROOT
from training_data import LABELS, make_dataset

README = ROOT / "python" / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def training_table():
    dataset = make_dataset()
    splits = [(split, dataset.X(split), dataset.y(split)) for split in ("train", "gap", "test")]
    columns = {
        name: [float(value) for _, X, _ in splits for value in X[:, index]]
        for index, name in enumerate(dataset.feature_names)
    }
    return pa.table(
        {
            **{name: pa.array(values, pa.float32()) for name, values in columns.items()},
            "label": pa.array([int(label) for _, _, y in splits for label in y], pa.int8()),
            "split": [split for split, _, y in splits for _ in y],
        }
    )


@pytest.fixture
def daemon(monkeypatch):
    meta = {"id": "d", "sha256": "cd" * 32, "featureSpecSha256": "ab" * 32, "labels": LABELS}
    transport = ruvector.MockTransport(
        requests={"model.deploy": lambda _params, _files: {"version": "v1", "swap": {}}},
        streams={"training": lambda _params: training_table()},
        meta={"training": meta},
    )
    monkeypatch.setattr(ruvector, "connect", lambda: ruvector.Client(transport=transport))
    return transport


def test_readme_has_an_example_that_runs(daemon, capsys):
    example = EXAMPLES[0]
    exec(compile(example, str(README), "exec"), {})
    said = capsys.readouterr().out
    assert "live: True v1" in said
    assert "usageThreshold" in said
    assert [name for name, _ in daemon.calls] == ["training", "model.deploy"]


def test_readme_names_only_public_calls():
    text = README.read_text("utf-8")
    for name in re.findall(r"^\| `(\w+)\(", text, re.MULTILINE):
        assert name in ruvector.__all__
