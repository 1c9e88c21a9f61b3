import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ruvector
from engines.engine_data import read_parts, write_parts
from repository import ROOT
from ruvector._client import open_dataset_folder
from ruvector._client.dataset_folder import label_indices
from ruvector._exceptions import DatasetFolderError, EngineOptionsError, MissingPackageError

NAME = "sklearn.LogisticRegression"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"engine": "spark"}, "use one of local, ray, flower"),
        ({"workers": 2}, 'pass engine="ray"'),
        ({"engine": "ray", "worker": 2}, r'did you mean "workers"\?'),
        ({"engine": "ray", "workers": 0}, "workers is 0, wanted a whole number from 1 on"),
        ({"engine": "flower", "trim": 0.7, "hosts": True}, "trim is 0.7.*hosts is True"),
        ({"engine": "flower", "strategy": "mean"}, "one of fedavg, fedprox"),
        ({"engine": "ray", "address": "127.0.0.1:1"}, "checkpoints="),
        ({"engine": "flower", "address": "127.0.0.1:1"}, "root_certificates"),
        ({"engine": "flower", "strategy": "fedxgbbagging"}, "is not one of sklearn"),
        ({"engine": "flower", "strategy": "fedprox"}, "torch.MLP"),
    ],
)
def test_fit_refuses_options_of_an_engine_all_at_once(tmp_path, options, told):
    with pytest.raises(EngineOptionsError, match=told) as caught:
        ruvector.fit(NAME, write_parts(tmp_path / "set", n=400), **options)
    assert caught.value.code == "ERR_TRAIN_ENGINE_OPTIONS"


def test_fit_refuses_an_object_across_hosts_because_no_pickle_travels(tmp_path):
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(EngineOptionsError, match="no objects travel to hosts"):
        ruvector.fit(LogisticRegression(), write_parts(tmp_path / "set", n=400), engine="flower")


def test_search_refuses_hosts_as_an_engine(tmp_path):
    with pytest.raises(EngineOptionsError, match="fit what was found across hosts"):
        ruvector.search(NAME, str(tmp_path), engine="flower")


@pytest.mark.parametrize(("engine", "package"), [("ray", "ray"), ("flower", "flwr")])
def test_fit_says_what_installs_a_missing_engine(tmp_path, engine, package, monkeypatch):
    from ruvector._training import registry

    found = registry.find_spec
    monkeypatch.setattr(
        registry, "find_spec", lambda name: None if name == package else found(name)
    )
    with pytest.raises(MissingPackageError, match=rf"pip install 'ruvector-memopt\[{engine}\]'"):
        ruvector.fit(NAME, write_parts(tmp_path / "set", n=400), engine=engine)


def test_ruvector_engines_import_nothing_heavy_before_they_are_asked_for():
    heavy = "ray", "flwr", "sklearn", "onnx"
    code = f"import ruvector as r, sys; r.fit; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


# Training sets in files


def test_fit_takes_a_folder_that_publish_wrote():
    result = ruvector.fit(NAME, str(ROOT / "datasets" / "memory-pressure-1hz"))
    assert (result.dataset.rows, len(result.feature_names)) == (5049, 25)
    assert result.dataset.feature_spec_sha256 is not None


def test_open_dataset_folder_reads_all_parts_in_order(tmp_path):
    folder = write_parts(tmp_path / "set", n=1000)
    dataset = read_parts(folder)
    assert sum(open_dataset_folder(folder).count_rows("train")) == len(dataset.y("train"))
    assert np.all(np.diff(dataset.timestamps("train")) > 0)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no provenance.json and no dataset.json"),
        ({"dataset.json": "{"}, "cannot be read"),
        ({"dataset.json": "{}"}, "its card has no id, sha256, labels, features"),
        ({"provenance.json": "{}"}, "cannot be read|no card"),
    ],
)
def test_open_dataset_folder_says_what_is_no_training_set(tmp_path, files, told):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DatasetFolderError, match=told) as caught:
        open_dataset_folder(str(tmp_path))
    assert "publish" in str(caught.value)


def test_open_dataset_folder_says_which_file_is_damaged(tmp_path):
    folder = write_parts(tmp_path / "set", n=400)
    (tmp_path / "set" / "train-1.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetFolderError, match=r"train-1\.parquet"):
        open_dataset_folder(folder).read()


def test_open_dataset_folder_says_which_column_a_file_lacks(tmp_path):
    folder = write_parts(tmp_path / "set", n=400)
    path = tmp_path / "set" / "train-1.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["feature_3"]), path)
    with pytest.raises(DatasetFolderError, match="no column feature_3"):
        open_dataset_folder(folder).read()


def test_label_indices_takes_names_and_refuses_two_valued_labels():
    labels = ("a", "b", "c")
    assert label_indices(pa.chunked_array([["b", "c"], ["a"]]), labels).tolist() == [1, 2, 0]
    with pytest.raises(DatasetFolderError, match="are none of a, b, c"):
        label_indices(pa.chunked_array([["calm"]]), labels)


def test_open_dataset_folder_reads_a_bucket(tmp_path, monkeypatch):
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    folder = write_parts(tmp_path / "set", n=1000)
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket="fleet")
        for path in (tmp_path / "set").iterdir():
            client.upload_file(str(path), "fleet", f"sets/one/{path.name}")
        found = open_dataset_folder("s3://fleet/sets/one", endpoint_url=url)
        assert found.read().table.equals(read_parts(folder).table)
        with pytest.raises(DatasetFolderError, match="sets/none"):
            open_dataset_folder("s3://fleet/sets/none", endpoint_url=url)
    finally:
        server.stop()
